// SPDX-License-Identifier: GPL-2.0-only
//! What a server writes on a connection of the text protocol: one reply after the other, cut
//! anywhere.

use super::reply::{Block, block};
use super::words::{Words, newline};

/// Bytes that are kept of a line that has begun: no line that announces a value is longer.
pub const REPLY_LINE: usize = 320;

/// Of the value that a line announced; so much follows it.
const LINE_END: u64 = b"\r\n".len() as u64;

/// A reply, or a part of it, is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// `VALUE`, with the value. What was shown of it in one piece.
    Value(Option<Block<'a>>),
    /// `VA`, with the value: the line, and the value with the end of its line.
    Meta(Option<(&'a [u8], &'a [u8])>),
    /// `END`
    End,
    /// `MN`
    Mn,
    /// `ERROR`, `CLIENT_ERROR`, `SERVER_ERROR`
    Error,
    /// Any other line.
    Line,
    /// Nobody knows what.
    Unknown,
}

/// What is left to know when bytes end within a reply.
pub struct Replies<'a> {
    /// Bytes of a value to come, and of the end of its line.
    pub value: &'a mut u64,
    /// It is one that `VA` announced.
    pub meta: &'a mut u32,
    /// Bytes of `line` that are there.
    pub len: &'a mut u32,
    /// What there is of a line.
    pub line: &'a mut [u8; REPLY_LINE],
}

/// What a line is.
enum Said {
    /// `VALUE`, with so many bytes.
    Value(u64),
    /// `VA`, with so many bytes.
    Meta(u64),
    Part(Part<'static>),
}

impl Replies<'_> {
    /// Takes the next bytes.
    #[inline(always)]
    pub fn feed<'b>(&mut self, bytes: &'b [u8], mut part: impl FnMut(Part<'b>)) {
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = if *self.value != 0 {
                self.feed_value(rest, &mut part)
            } else {
                self.feed_line(rest, &mut part)
            };
        }
    }

    /// So many of the coming bytes are of a value, and need not be shown.
    pub fn skippable(&self) -> u64 {
        self.value.saturating_sub(LINE_END)
    }

    /// Passes over `n` bytes, at most [`skippable`](Self::skippable).
    pub fn advance(&mut self, n: u64) {
        *self.value -= n.min(self.skippable());
    }

    /// Forgets what has begun.
    pub fn reset(&mut self) {
        (*self.value, *self.len) = (0, 0);
    }

    #[inline(never)]
    fn feed_value<'b>(&mut self, bytes: &'b [u8], part: &mut impl FnMut(Part<'b>)) -> &'b [u8] {
        let len = usize::try_from(*self.value).unwrap_or(usize::MAX).min(bytes.len());
        *self.value -= len as u64;
        if *self.value == 0 {
            part(if *self.meta != 0 { Part::Meta(None) } else { Part::Value(None) });
        }
        bytes.get(len..).unwrap_or_default()
    }

    #[inline(always)]
    fn feed_line<'b>(&mut self, bytes: &'b [u8], part: &mut impl FnMut(Part<'b>)) -> &'b [u8] {
        let Some((line, behind)) = newline(bytes).and_then(|end| bytes.split_at_checked(end + 1))
        else {
            self.keep(bytes);
            return &[];
        };
        let begun = *self.len != 0;
        let said = if begun { self.put_together(line) } else { said(line) };
        let (value, meta) = match said {
            Said::Part(known) => {
                part(known);
                return behind;
            }
            Said::Value(value) => (value, false),
            Said::Meta(value) => (value, true),
        };
        let whole = usize::try_from(value + LINE_END)
            .ok()
            .filter(|_| !begun)
            .and_then(|len| behind.split_at_checked(len));
        match whole {
            Some((value, behind)) if meta => {
                part(Part::Meta(value.ends_with(b"\r\n").then_some((line, value))));
                behind
            }
            Some((_, behind)) => {
                part(Part::Value(block(bytes)));
                behind
            }
            None => {
                (*self.value, *self.meta) = (value + LINE_END, meta.into());
                behind
            }
        }
    }

    #[inline(never)]
    fn put_together(&mut self, end: &[u8]) -> Said {
        self.keep(end);
        let said = self.line.get(..*self.len as usize).map_or(Said::Part(Part::Unknown), said);
        *self.len = 0;
        said
    }

    /// Adds bytes to what there is of a line, as many as there is room for.
    #[inline(never)]
    fn keep(&mut self, bytes: &[u8]) {
        let to = self.line.get_mut(*self.len as usize..).unwrap_or_default();
        let len = to.len().min(bytes.len());
        if let (Some(to), Some(from)) = (to.get_mut(..len), bytes.get(..len)) {
            to.copy_from_slice(from);
            *self.len += len as u32;
        }
    }
}

/// What a line is.
#[inline(always)]
fn said(line: &[u8]) -> Said {
    let unknown = Said::Part(Part::Unknown);
    // One that was too long to be kept has lost its end.
    let whole = line.strip_suffix(b"\r\n").filter(|_| line.len() <= REPLY_LINE);
    if let Some(rest) = line.strip_prefix(b"VALUE ") {
        return whole.and(value_len(rest)).map_or(unknown, Said::Value);
    }
    if let Some(rest) = line.strip_prefix(b"VA ") {
        return whole.and(number(&mut words(rest))).map_or(unknown, Said::Meta);
    }
    Said::Part(match line {
        b"END\r\n" => Part::End,
        b"MN\r\n" => Part::Mn,
        _ if line.starts_with(b"ERROR")
            || line.starts_with(b"CLIENT_ERROR")
            || line.starts_with(b"SERVER_ERROR") =>
        {
            Part::Error
        }
        // Whatever it says.
        _ => Part::Line,
    })
}

fn words(rest: &[u8]) -> Words<'_> {
    Words::new(rest.trim_ascii_end())
}

fn number(words: &mut Words<'_>) -> Option<u64> {
    words.number(u32::MAX.into())
}

/// Of `KEY FLAGS BYTES [CAS]`.
fn value_len(rest: &[u8]) -> Option<u64> {
    let mut words = words(rest);
    words.key()?;
    number(&mut words)?;
    number(&mut words)
}
