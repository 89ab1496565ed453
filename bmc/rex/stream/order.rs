// SPDX-License-Identifier: GPL-2.0-only
//! Is it our turn? A connection's replies come in the order of its commands: one may be answered
//! here only when memcached has written the replies to all that it has read.

use crate::proto::{Part, REPLY_LINE, Replies, Shape};
use rex::prelude::*;

/// So many commands may be outstanding; of more, the end is seen by the next read only.
const MOST: u32 = 16;
/// Bits for each.
const BITS: u32 = 4;

/// The commands of one connection that memcached has read and not answered.
#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub struct Order {
    /// What the reply to each of them looks like, the next one in the lowest bits.
    shapes: u64,
    len: u32,
    /// Not all commands are in `shapes`, or the replies do not fit them.
    dirty: u32,
    /// [`Replies`]
    value: u64,
    meta: u32,
    line_len: u32,
    line: [u8; REPLY_LINE],
}

fn bits(shape: Shape) -> u64 {
    match shape {
        Shape::Line => 0,
        Shape::Values => 1,
        Shape::Meta => 2,
        Shape::Mn => 3,
        Shape::Perhaps => 4,
        Shape::Unknown => 5,
    }
}

fn shape(bits: u64) -> Shape {
    match bits & ((1 << BITS) - 1) {
        0 => Shape::Line,
        1 => Shape::Values,
        2 => Shape::Meta,
        3 => Shape::Mn,
        4 => Shape::Perhaps,
        _ => Shape::Unknown,
    }
}

impl Order {
    /// Whether every reply has been written.
    #[inline(always)]
    pub fn is_at_rest(&self) -> bool {
        self.len == 0 && self.dirty == 0 && self.value == 0 && self.line_len == 0
    }

    /// Whether the replies will show when all of them are written.
    pub fn comes_to_rest(&self) -> bool {
        let closes = |shape| matches!(shape, Shape::Mn | Shape::Values);
        let open = (0..self.len.min(MOST)).fold(false, |open, i| {
            let shape = shape(self.shapes >> (i * BITS));
            shape == Shape::Perhaps || open && !closes(shape)
        });
        self.dirty == 0 && !open
    }

    /// memcached has read a command.
    #[inline(always)]
    pub fn command(&mut self, shape: Shape) {
        if shape == Shape::Unknown || self.len >= MOST {
            return self.lose();
        }
        self.shapes |= bits(shape) << (self.len * BITS);
        self.len += 1;
    }

    /// Only the next read shows what was answered.
    #[cold]
    pub fn lose(&mut self) {
        self.dirty = 1;
    }

    /// The replies to all commands so far have been written.
    #[inline(always)]
    pub fn all_written(&mut self) {
        (self.shapes, self.len, self.dirty) = (0, 0, 0);
        self.replies().reset();
    }

    fn replies(&mut self) -> Replies<'_> {
        Replies {
            value: &mut self.value,
            meta: &mut self.meta,
            len: &mut self.line_len,
            line: &mut self.line,
        }
    }

    /// memcached has written these bytes. `part` gets what is whole of a reply, as long as it fits
    /// the commands.
    #[inline(always)]
    pub fn wrote(&mut self, bytes: &[u8], mut part: impl FnMut(Part<'_>)) {
        if self.dirty != 0 {
            return;
        }
        let (mut shapes, mut len, mut dirty) = (self.shapes, self.len, false);
        self.replies().feed(bytes, |whole| match after(shapes, len, whole) {
            Some((left, left_len)) if !dirty => {
                (shapes, len) = (left, left_len);
                part(whole);
            }
            _ => dirty = true,
        });
        (self.shapes, self.len) = (shapes, len);
        if dirty {
            self.lose();
        }
    }

    /// Bytes of a value that come next and need not be shown.
    pub fn skip(&mut self) -> u32 {
        let skippable = u32::try_from(self.replies().skippable()).unwrap_or(u32::MAX);
        let skippable = if self.dirty == 0 { skippable } else { 0 };
        self.replies().advance(skippable.into());
        skippable
    }
}

/// The commands that are left behind a part of a reply. `None` if it is no reply to them.
#[inline(always)]
fn after(shapes: u64, len: u32, part: Part<'_>) -> Option<(u64, u32)> {
    if len == 0 {
        return None;
    }
    let one_less = Some((shapes >> BITS, len - 1));
    match (shape(shapes), part) {
        (_, Part::Unknown) => None,
        // It fitted when it began.
        (_, Part::More(_)) => Some((shapes, len)),
        (Shape::Values, Part::Begins(begun)) if !begun.meta => Some((shapes, len)),
        (Shape::Meta, Part::Begins(begun)) if begun.meta => Some((shapes, len)),
        (Shape::Values, Part::Value(_)) => Some((shapes, len)),
        (Shape::Values, Part::End | Part::Error) => one_less,
        (Shape::Line | Shape::Meta, Part::Line | Part::Error) => one_less,
        (Shape::Meta, Part::Meta(_)) => one_less,
        (Shape::Mn, Part::Mn | Part::Error) => one_less,
        (Shape::Perhaps, _) => after_quiet(shapes, len, part),
        _ => None,
    }
}

/// Behind a command that may have no reply: this one is its own, or that of a later one. If only one
/// kind of command is answered like this, those before the first of the kind have been answered.
#[inline(never)]
fn after_quiet(shapes: u64, len: u32, part: Part<'_>) -> Option<(u64, u32)> {
    let (answered, stays) = match part {
        Part::Mn => (Shape::Mn, 0),
        Part::End => (Shape::Values, 0),
        Part::Value(_) => (Shape::Values, 1),
        Part::Begins(begun) if !begun.meta => (Shape::Values, 1),
        _ => return Some((shapes, len)),
    };
    let is_it = |i: &u32| shape(shapes >> (i * BITS)) == answered;
    let gone = (0..len.min(MOST)).find(is_it)? + 1 - stays;
    Some((shapes.checked_shr(gone * BITS).unwrap_or(0), len - gone))
}
