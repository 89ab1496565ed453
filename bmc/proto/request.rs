// SPDX-License-Identifier: GPL-2.0-only
//! What a server reads on one TCP connection, or in one UDP datagram: which keys it may change.

/// The words that [`Requests`] are kept in.
pub const WORDS: usize = 48;

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
    /// up to 30 days: seconds from now, above: a time); `None`: the one that it has. Of
    /// [`Op::Flush`] the delay, `None` without.
    pub exptime: Option<i64>,
    /// Whether it depends on the item, or another argument, that the expiry becomes this one.
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

/// A command, of whatever kind, is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Complete {
    pub reply: Reply,
}

/// Takes what [`Requests`] find. The effects of a command come before its completion.
pub trait Sink {
    fn effect(&mut self, effect: Effect<'_>);
    fn complete(&mut self, complete: Complete);
}

/// Bytes of which it is not certain how each version of memcached takes them: neither where the
/// next command begins nor what has been changed is known from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost;

/// Follows the commands of one connection.
pub struct Requests {
    words: [u64; WORDS],
}

impl Requests {
    /// Before the first byte of a connection, which decides the protocol.
    pub const fn new() -> Self {
        Self { words: [0; WORDS] }
    }

    /// Goes on from where [`save`](Self::save) was called. Any words are safe. Not all words are
    /// asked for.
    pub fn load(word: impl Fn(usize) -> u64) -> Self {
        Self { words: core::array::from_fn(word) }
    }

    /// Gives the words that [`load`](Self::load) will ask for; others need not be kept.
    pub fn save(&self, word: impl FnMut(usize, u64)) {
        self.words.iter().copied().enumerate().for_each({
            let mut word = word;
            move |(i, value)| word(i, value)
        });
    }

    pub fn from_words(words: &[u64; WORDS]) -> Self {
        Self::load(|i| words.get(i).copied().unwrap_or(0))
    }

    pub fn to_words(&self) -> [u64; WORDS] {
        self.words
    }

    /// Takes the next bytes of the connection, all of them unless a value begins that need not be
    /// shown: then the number taken is less, and [`skippable`](Self::skippable) is not 0.
    pub fn feed(&mut self, _bytes: &[u8], _sink: &mut impl Sink) -> Result<usize, Lost> {
        Err(Lost)
    }

    /// So many of the coming bytes are of a value: [`advance`](Self::advance) over them.
    pub fn skippable(&self) -> usize {
        0
    }

    /// Passes over `n` bytes that are not shown, at most [`skippable`](Self::skippable).
    pub fn advance(&mut self, _n: usize) {}

    /// Whether the next byte is the first of a command.
    pub fn at_boundary(&self) -> bool {
        true
    }
}

impl Default for Requests {
    fn default() -> Self {
        Self::new()
    }
}

/// Reads the commands of one UDP datagram, behind the frame header. Whether it ends with the end of
/// a command: otherwise memcached forgets a begun line, or reads a value on from the next datagram.
pub fn datagram(_text: &[u8], _sink: &mut impl Sink) -> Result<bool, Lost> {
    Err(Lost)
}
