// SPDX-License-Identifier: GPL-2.0-only
//! The words of a line, and what they can mean.

use super::blanks;

/// The longest key that memcached takes.
pub const MAX_KEY: usize = 250;

/// The number of bytes before the first that is at most a space.
#[inline(always)]
pub(super) fn word_len(text: &[u8]) -> usize {
    let (words, rest) = text.as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        let blanks = blanks(u64::from_le_bytes(*word));
        if blanks != 0 {
            return i * 8 + blanks.trailing_zeros() as usize / 8;
        }
    }
    words.len() * 8 + rest.iter().take_while(|byte| **byte > b' ').count()
}

/// Where the first newline is.
#[inline(always)]
pub fn newline(text: &[u8]) -> Option<usize> {
    const NEWLINES: u64 = super::bytes(b'\n');
    let (words, rest) = text.as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        let zeros = u64::from_le_bytes(*word) ^ NEWLINES;
        let found = zeros.wrapping_sub(super::bytes(1)) & !zeros & super::bytes(0x80);
        if found != 0 {
            return Some(i * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    // The last eight bytes once more, all but those that are looked at already.
    let Some(last) = text.last_chunk::<8>() else { return rest.iter().position(|b| *b == b'\n') };
    let zeros = u64::from_le_bytes(*last) ^ NEWLINES;
    let found = zeros.wrapping_sub(super::bytes(1)) & !zeros & super::bytes(0x80);
    (found != 0).then(|| text.len() - 8 + found.trailing_zeros() as usize / 8)
}

/// A line without its end. Words are separated by spaces; no other blank belongs in a line.
#[derive(Clone, Debug)]
pub(super) struct Words<'a> {
    rest: &'a [u8],
}

impl<'a> Words<'a> {
    #[inline(always)]
    pub fn new(line: &'a [u8]) -> Self {
        Self { rest: line }
    }

    #[inline(always)]
    fn skip_spaces(&mut self) {
        while let Some((b' ', rest)) = self.rest.split_first() {
            self.rest = rest;
        }
    }

    /// The next word; empty at the end, and before a byte that belongs in no word, so that nobody
    /// takes it for a word.
    #[inline(always)]
    pub fn next(&mut self) -> &'a [u8] {
        self.skip_spaces();
        let (word, rest) = self.rest.split_at_checked(word_len(self.rest)).unwrap_or_default();
        match rest.first() {
            None | Some(b' ') => {
                self.rest = rest;
                word
            }
            _ => &[],
        }
    }

    /// Whether only spaces are left.
    #[inline(always)]
    pub fn end(&mut self) -> bool {
        self.next().is_empty() && self.rest.is_empty()
    }

    /// What is left.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether what is left has nothing in it that belongs in no word.
    pub fn rest_is_plain(&self) -> bool {
        self.rest.iter().all(|byte| *byte >= b' ')
    }

    #[inline(always)]
    pub fn key(&mut self) -> Option<&'a [u8]> {
        Some(self.next()).filter(|key| (1..=MAX_KEY).contains(&key.len()))
    }

    /// A key, or the end.
    pub fn next_key(&mut self) -> Option<Option<&'a [u8]>> {
        match self.next() {
            [] => self.rest.is_empty().then_some(None),
            key => (key.len() <= MAX_KEY).then_some(Some(key)),
        }
    }

    /// An expiry, relative or absolute.
    #[inline(always)]
    pub fn time(&mut self) -> Option<i64> {
        self.skip_spaces();
        let negative = self.rest.strip_prefix(b"-");
        self.rest = negative.unwrap_or(self.rest);
        let value = self.digits(i32::MAX as u64)? as i64;
        Some(if negative.is_some() { -value } else { value })
    }

    #[inline(always)]
    pub fn number(&mut self, max: u64) -> Option<u64> {
        self.skip_spaces();
        self.digits(max)
    }

    /// The rest of a word, as [`number`] reads it.
    #[inline(always)]
    fn digits(&mut self, max: u64) -> Option<u64> {
        let (mut value, mut len) = (0u64, 0);
        while let Some((byte, rest)) = self.rest.split_first()
            && *byte != b' '
        {
            let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
            value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
            len += 1;
            self.rest = rest;
        }
        (1..=longest(max)).contains(&len).then_some(value).filter(|value| *value <= max)
    }

    /// `noreply` or nothing, and the end.
    #[inline(always)]
    pub fn noreply(&mut self) -> Option<bool> {
        if self.rest.is_empty() {
            return Some(false);
        }
        match self.next() {
            b"" => self.rest.is_empty().then_some(false),
            b"noreply" => self.end().then_some(true),
            _ => None,
        }
    }
}

/// A decimal number, digits only, up to `max`, and not longer than that can be.
pub(super) fn number(word: &[u8], max: u64) -> Option<u64> {
    let mut words = Words::new(word);
    words.digits(max).filter(|_| words.rest.is_empty())
}

/// A number with sign, of 32 bits.
pub(super) fn time(word: &[u8]) -> Option<i64> {
    let mut words = Words::new(word);
    words.time().filter(|_| words.rest.is_empty())
}

/// The digits of the largest number of a type that has room for `max`.
#[inline(always)]
const fn longest(max: u64) -> usize {
    if max > u32::MAX as u64 { 20 } else { 10 }
}
