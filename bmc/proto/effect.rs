// SPDX-License-Identifier: GPL-2.0-only
//! What a command does, and how it is answered.

/// The most bytes of one value that a line can announce.
pub(super) const MAX_VALUE: u64 = i32::MAX as u64 - 2;

/// What a command does; of the meta commands only those that change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Set,
    Add,
    Replace,
    Append,
    Prepend,
    Cas,
    Delete,
    Incr,
    Decr,
    /// touch, gat and gats.
    Touch,
    MetaSet,
    MetaDelete,
    MetaArith,
    MetaGet,
    Flush,
    /// Concerns, or may concern, any key: memory limits, slabs, LRU, shutdown.
    Other,
}

/// Whose items an effect is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    Key(&'a [u8]),
    All,
}

/// Something that a command does as soon as the server executes it, which may be at once.
///
/// A command can have several: one for each key, and one for each way to read a base64 key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effect<'a> {
    pub op: Op,
    pub target: Target<'a>,
    /// The expiry that the item gets, as the number in the command (0: never, negative: at once,
    /// up to 30 days: seconds from now, above: a time); `None`: the one that it has. 0 if no item is
    /// left. Of [`Op::Flush`] the delay, `None` without.
    pub exptime: Option<i64>,
    /// Whether it depends on the item, or another argument, that the expiry becomes this one. It
    /// always depends on the command becoming [`Complete`]: if the connection ends before, or is
    /// [`Lost`], the item may keep the expiry that it had.
    pub conditional: bool,
}

/// How a command is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Not at all, unless there is an error.
    None,
    /// With exactly one line.
    OneLine,
    Other,
}

impl Reply {
    pub(super) fn shape(self) -> Shape {
        match self {
            Self::None => Shape::Perhaps,
            Self::OneLine => Shape::Line,
            Self::Other => Shape::Unknown,
        }
    }
}

/// What a reply of the text protocol looks like. Instead of any of them there may be one line that
/// says an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One line.
    Line,
    /// Values, and `END` behind them.
    Values,
    /// One line; behind `VA` a value.
    Meta,
    /// The line `MN`, which no other command is answered with.
    Mn,
    /// Nothing; or what neither begins with `VALUE` nor is `END` or `MN`.
    Perhaps,
    Unknown,
}

impl Shape {
    /// The same with less detail.
    pub(super) fn reply(self) -> Reply {
        match self {
            Self::Line | Self::Mn => Reply::OneLine,
            _ => Reply::Other,
        }
    }
}

/// A command, of whatever kind, is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Complete {
    pub reply: Reply,
    pub shape: Shape,
}

/// Takes what [`Requests`](super::Requests) find. The effects of a command come before its completion.
pub trait Sink {
    fn effect(&mut self, effect: Effect<'_>);
    fn complete(&mut self, complete: Complete);
}

/// Bytes of which it is not certain how each version of memcached takes them: neither where the
/// next command begins nor what has been changed is known from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost;

/// What comes behind a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A command; this one is whole.
    Command(Reply),
    /// The same of the text protocol, when more is known about the reply.
    Shaped(Shape),
    /// A value of so many bytes, and the end of a line.
    Value(u64, Reply),
    /// Nothing that anyone could understand: the connection is about to close, or used otherwise.
    Nothing(Reply),
}
