// SPDX-License-Identifier: GPL-2.0-only
//! Values that memcached writes to its clients go into the cache.

use super::ready;
use crate::get::Question as Cache;
use crate::meta::Meta;
use crate::proto::{Announced, Block, MAX_KEY, MetaFlag, Part, Question, REPLY_LINE, ValueLine};
use crate::stats::{Stat, count};
use crate::store::{self, Candidate, END, KeyHash, MAX_TEXT, Text, VALUE};
use crate::track::expiry;
use rex::prelude::*;

/// Values of so many keys can be under way.
const MOST: usize = 64;

/// The keys of GETs that memcached has read and not answered, whose values may be remembered.
#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub struct Candidates {
    /// The first in `list` whose value may still come, and the end.
    next: u32,
    end: u32,
    /// [`Candidate`]
    list: [[u64; 2]; MOST],
    /// The value that is being written.
    collected: Collected,
}

/// A value that comes in pieces: what there is of it.
#[derive(Clone, Copy, Pod)]
#[repr(C)]
struct Collected {
    /// [`Candidate`]
    candidate: [u64; 2],
    /// Where it is put; nowhere: it is not wanted.
    text: Text,
    cas: u64,
    has_cas: u32,
    /// Bytes of the text that are there.
    at: u32,
    key_len: u32,
    pad: u32,
}

impl Candidates {
    pub fn clear(&mut self) {
        (self.next, self.end) = (0, 0);
        self.collected.text = Text::NONE;
    }

    /// memcached is about to read a GET.
    #[inline(always)]
    pub fn note(&mut self, question: Question<'_>) {
        match question {
            Question::Get { mut keys, .. } => {
                while let Some(Some(key)) = keys.next() {
                    self.note_key(key);
                }
            }
            // Without these two, the reply does not say what a `get` would.
            Question::Meta { key, flags } if flags.value => {
                let has = |wanted| flags.clone().any(|flag| flag == wanted);
                if has(MetaFlag::Key) && has(MetaFlag::Flags) {
                    self.note_key(key);
                }
            }
            Question::Meta { .. } => {}
            Question::End => return,
        }
        count(Stat::TcpPassed);
    }

    #[inline(always)]
    fn note_key(&mut self, key: &[u8]) {
        if let Some(place) = self.list.get_mut(self.end as usize)
            && let Some(candidate) = store::candidate(store::hash(key))
        {
            *place = candidate.words();
            self.end += 1;
        }
    }

    /// The candidate of this hash, once. Values come in the order of the GETs.
    #[inline(always)]
    fn take(&mut self, hash: KeyHash) -> Option<Candidate> {
        let list = self.list.get(..self.end as usize)?.get(self.next as usize..)?;
        let at = list.iter().position(|[known, _]| *known == hash.0)?;
        let words = *list.get(at)?;
        self.next += at as u32 + 1;
        Some(Candidate::from_words(words))
    }

    /// memcached has written a part of a reply.
    #[inline(always)]
    pub fn remember(&mut self, meta: &Meta, part: Part<'_>) {
        if self.next == self.end && !self.is_collecting() {
            return;
        }
        match part {
            Part::Value(Some(block)) if is_short(&block) => {
                let hash = store::hash(block.key);
                if let Some(candidate) = self.take(hash) {
                    fill(meta, &candidate, &block);
                }
            }
            Part::Meta(Some((line, value))) if value.len() <= MAX_TEXT => {
                _ = self.remember_meta(meta, line, value);
            }
            Part::Value(_) | Part::Meta(_) | Part::Begins(_) | Part::More(_) => {
                self.remember_long(meta, part);
            }
            _ => {}
        }
    }

    /// `VA BYTES FLAG...`, with the value and the end of its line.
    #[inline(never)]
    fn remember_meta(&mut self, meta: &Meta, line: &[u8], value: &[u8]) -> Option<()> {
        let begun = Announced { line, meta: true, len: value.len() as u64 };
        let ValueLine { key, flags, bytes, cas_text: cas, .. } = begun.parse()?;
        let mut buffer = [0; MAX_TEXT];
        let cas_space: &[u8] = if cas.is_empty() { b"" } else { b" " };
        let pieces = [&VALUE[..], key, b" ", flags, b" ", bytes, cas_space, cas, b"\r\n", value];
        match join(&mut buffer, &pieces).and_then(Block::of).filter(is_short) {
            Some(block) => {
                let candidate = self.take(store::hash(key))?;
                fill(meta, &candidate, &block);
            }
            None => self.collect_all(meta, &begun, value),
        }
        Some(())
    }

    /// The same for a value that comes in pieces, or is too long for a datagram.
    #[inline(never)]
    fn remember_long(&mut self, meta: &Meta, part: Part<'_>) {
        match part {
            Part::Begins(begun) => _ = self.begin(&begun),
            Part::More(bytes) => self.more(bytes),
            Part::Value(None) | Part::Meta(None) => self.finish(meta),
            Part::Meta(Some((line, value))) => {
                let begun = Announced { line, meta: true, len: value.len() as u64 };
                self.collect_all(meta, &begun, value);
            }
            Part::Value(Some(Block { text, .. })) => {
                let line = text.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
                let Some((line, value)) = text.split_at_checked(line) else { return };
                let begun = Announced { line, meta: false, len: value.len() as u64 };
                self.collect_all(meta, &begun, value);
            }
            _ => {}
        }
    }

    fn collect_all(&mut self, meta: &Meta, begun: &Announced<'_>, value: &[u8]) {
        if self.begin(begun).is_some() {
            self.more(value);
            self.finish(meta);
        }
    }

    /// Whether the bytes of a value that follow are to be shown.
    #[inline(always)]
    pub fn is_collecting(&self) -> bool {
        self.collected.text.is_some()
    }

    /// A value begins: `None` if it is not wanted.
    fn begin(&mut self, begun: &Announced<'_>) -> Option<()> {
        self.collected.text = Text::NONE;
        let ValueLine { key, flags, bytes, cas, .. } = begun.parse()?;
        let candidate = self.take(store::hash(key))?;
        // It may be there already, and was not answered for want of room in the send buffer.
        if Cache::new().is_ok_and(|cache| ready::has(&cache, key, cas.is_some())) {
            return None;
        }
        let mut buffer = [0; REPLY_LINE];
        let start = join(&mut buffer, &[key, b" ", flags, b" ", bytes, b"\r\n"])?;
        let len = start.len().saturating_add(usize::try_from(begun.len).ok()?);
        let text = store::room(&candidate, len)?;
        self.collected = Collected {
            candidate: candidate.words(),
            text,
            cas: cas.unwrap_or(0),
            has_cas: cas.is_some().into(),
            at: 0,
            key_len: key.len() as u32,
            pad: 0,
        };
        self.more(start);
        Some(())
    }

    /// More of the text.
    fn more(&mut self, bytes: &[u8]) {
        let Collected { text, at, .. } = &mut self.collected;
        if !text.is_some() {
            return;
        }
        if text.write(*at as usize, bytes) {
            *at += bytes.len() as u32;
        } else {
            *text = Text::NONE;
            count(Stat::RefusedBusy);
        }
    }

    /// All of it has come.
    fn finish(&mut self, meta: &Meta) {
        let Collected { candidate, text, cas, has_cas, at, key_len, .. } = self.collected;
        if !text.is_some() {
            return;
        }
        self.collected.text = Text::NONE;
        let candidate = Candidate::from_words(candidate);
        let mut start = [0; MAX_KEY + 1];
        let mut end = [0; 2];
        let start = start.get_mut(..=key_len as usize).and_then(|start| {
            let whole = at as usize == text.len()
                && text.copy_to(0, start)
                && text.copy_to(text.len().saturating_sub(end.len()), &mut end);
            whole.then_some(&*start)
        });
        match (start, &end) {
            (Some(start), b"\r\n") => {
                let Some(deadline) = expiry::of(meta, candidate.hash) else {
                    return count(Stat::RefusedExpiry);
                };
                let cas = (has_cas != 0).then_some(cas);
                let _ = store::fill_long(&candidate, start, text, cas, deadline);
            }
            _ => count(Stat::RefusedForm),
        }
    }
}

/// Whether it has room in a datagram.
#[inline(always)]
fn is_short(block: &Block<'_>) -> bool {
    block.text.len() + END.len() <= MAX_TEXT
}

#[inline(always)]
fn fill(meta: &Meta, candidate: &Candidate, block: &Block<'_>) {
    let Some(deadline) = expiry::of(meta, candidate.hash) else {
        return count(Stat::RefusedExpiry);
    };
    match block.cas {
        None => _ = store::fill(candidate, block.key.len(), block.text, deadline),
        Some((at, cas)) => without_cas(candidate, block, at, cas, deadline),
    }
}

/// As `get` shows it: without the number, which is at `at`.
#[inline(never)]
fn without_cas(candidate: &Candidate, block: &Block<'_>, at: usize, cas: u64, deadline: u32) {
    let mut buffer = [0; MAX_TEXT];
    let text = block.text.split_at_checked(at).and_then(|(line, rest)| {
        let end = rest.iter().position(|byte| *byte == b'\r')?;
        join(&mut buffer, &[line, rest.get(end..)?])
    });
    match text {
        Some(text) => {
            let _ = store::fill_with_cas(candidate, block.key.len(), text, cas, deadline);
        }
        None => count(Stat::RefusedLength),
    }
}

/// The pieces behind each other, if there is room for them.
fn join<'a>(buffer: &'a mut [u8], pieces: &[&[u8]]) -> Option<&'a [u8]> {
    let mut len = 0;
    for piece in pieces {
        buffer.get_mut(len..)?.get_mut(..piece.len())?.copy_from_slice(piece);
        len += piece.len();
    }
    buffer.get(..len)
}
