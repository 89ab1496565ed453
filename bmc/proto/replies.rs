// SPDX-License-Identifier: GPL-2.0-only
//! What a server writes on a connection of the text protocol: one reply after the other, cut
//! anywhere.

use super::no_blanks;
use super::reply::{Block, block};
use super::words::{MAX_KEY, Words, newline};

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
    /// A line that announces a value of which not all is there. `Value(None)` or `Meta(None)` follows
    /// when the rest has come.
    Begins(Announced<'a>),
    /// The next bytes of such a value, and of the end of its line.
    More(&'a [u8]),
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

/// The line before a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announced<'a> {
    pub line: &'a [u8],
    /// It is `VA`, not `VALUE`.
    pub meta: bool,
    /// Bytes of the value, with the end of its line.
    pub len: u64,
}

/// What such a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueLine<'a> {
    pub key: &'a [u8],
    pub flags: &'a [u8],
    pub bytes: &'a [u8],
    /// The number for `cas`, also as it is written; empty: it was not asked for.
    pub cas: Option<u64>,
    pub cas_text: &'a [u8],
}

impl<'a> Announced<'a> {
    /// `None` unless it says all that a `VALUE` line does.
    pub fn parse(&self) -> Option<ValueLine<'a>> {
        let (key, flags, bytes, cas_text) =
            if self.meta { self.parse_meta()? } else { self.parse_value()? };
        let is_number = |text, max: u64| super::words::number(text, max);
        let cas = if cas_text.is_empty() { None } else { Some(is_number(cas_text, u64::MAX)?) };
        is_number(flags, u32::MAX.into())?;
        let same_len = is_number(bytes, u32::MAX.into())? + LINE_END == self.len;
        let good = same_len && (1..=MAX_KEY).contains(&key.len()) && no_blanks(key);
        good.then_some(ValueLine { key, flags, bytes, cas, cas_text })
    }

    fn words(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let line = self.line.strip_suffix(b"\r\n").unwrap_or(self.line);
        line.split(|byte| *byte == b' ').skip(1)
    }

    /// `VALUE KEY FLAGS BYTES [CAS]`
    fn parse_value(&self) -> Option<Parsed<'a>> {
        let mut words = self.words();
        let parsed =
            (words.next()?, words.next()?, words.next()?, words.next().unwrap_or_default());
        words.next().is_none().then_some(parsed)
    }

    /// `VA BYTES FLAG...`
    fn parse_meta(&self) -> Option<Parsed<'a>> {
        let mut words = self.words();
        let (bytes, mut key, mut flags, mut cas) = (words.next()?, None, None, None);
        for word in words {
            let (letter, argument) = word.split_first()?;
            match letter {
                b'k' => key = Some(argument),
                b'f' => flags = Some(argument),
                b'c' => cas = Some(argument),
                // In base64.
                b'b' => return None,
                _ => {}
            }
        }
        Some((key?, flags?, bytes, cas.unwrap_or_default()))
    }
}

/// Key, flags, bytes, number for `cas`.
type Parsed<'a> = (&'a [u8], &'a [u8], &'a [u8], &'a [u8]);

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
    pub fn feed(&mut self, bytes: &[u8], mut part: impl FnMut(Part<'_>)) {
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
    fn feed_value<'b>(&mut self, bytes: &'b [u8], part: &mut impl FnMut(Part<'_>)) -> &'b [u8] {
        let len = usize::try_from(*self.value).unwrap_or(usize::MAX).min(bytes.len());
        let (now, behind) = bytes.split_at_checked(len).unwrap_or_default();
        part(Part::More(now));
        *self.value -= len as u64;
        if *self.value == 0 {
            part(if *self.meta != 0 { Part::Meta(None) } else { Part::Value(None) });
        }
        behind
    }

    #[inline(always)]
    fn feed_line<'b>(&mut self, bytes: &'b [u8], part: &mut impl FnMut(Part<'_>)) -> &'b [u8] {
        let Some((line, behind)) = newline(bytes).and_then(|end| bytes.split_at_checked(end + 1))
        else {
            self.keep(bytes);
            return &[];
        };
        let begun = *self.len != 0;
        if begun {
            self.feed_rest_of_line(line, part);
            return behind;
        }
        let said = said(line);
        let (value, meta) = match said {
            Said::Part(known) => {
                part(known);
                return behind;
            }
            Said::Value(value) => (value, false),
            Said::Meta(value) => (value, true),
        };
        let whole =
            usize::try_from(value + LINE_END).ok().and_then(|len| behind.split_at_checked(len));
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
                part(Part::Begins(Announced { line, meta, len: value + LINE_END }));
                behind
            }
        }
    }

    /// The end of a line that began earlier.
    #[inline(never)]
    fn feed_rest_of_line(&mut self, end: &[u8], part: &mut impl FnMut(Part<'_>)) {
        self.keep(end);
        let line = self.line.get(..*self.len as usize).unwrap_or_default();
        *self.len = 0;
        let (value, meta) = match said(line) {
            Said::Part(known) => return part(known),
            Said::Value(value) => (value, false),
            Said::Meta(value) => (value, true),
        };
        (*self.value, *self.meta) = (value + LINE_END, meta.into());
        part(Part::Begins(Announced { line, meta, len: value + LINE_END }));
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
