// SPDX-License-Identifier: GPL-2.0-only
//! Values that memcached writes to its clients go into the cache.

use crate::meta::Meta;
use crate::proto::{Block, MetaFlag, Part, Question};
use crate::stats::{Stat, count};
use crate::store::{self, Candidate, KeyHash, MAX_TEXT};
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
}

impl Candidates {
    pub fn clear(&mut self) {
        (self.next, self.end) = (0, 0);
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
        if self.next == self.end {
            return;
        }
        match part {
            Part::Value(Some(block)) => {
                let hash = store::hash(block.key);
                if let Some(candidate) = self.take(hash) {
                    fill(meta, &candidate, &block);
                }
            }
            Part::Meta(Some((line, value))) => _ = self.remember_meta(meta, line, value),
            Part::Value(None) | Part::Meta(None) => count(Stat::RefusedForm),
            _ => {}
        }
    }

    /// `VA BYTES FLAG...`, with the value and the end of its line.
    #[inline(never)]
    fn remember_meta(&mut self, meta: &Meta, line: &[u8], value: &[u8]) -> Option<()> {
        let mut words = line.trim_ascii_end().split(|byte| *byte == b' ').skip(1);
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
        let (key, flags) = (key?, flags?);
        let candidate = self.take(store::hash(key))?;
        let mut buffer = [0; MAX_TEXT];
        let cas = cas.unwrap_or_default();
        let cas_space: &[u8] = if cas.is_empty() { b"" } else { b" " };
        let pieces = [b"VALUE ", key, b" ", flags, b" ", bytes, cas_space, cas, b"\r\n", value];
        let text = join(&mut buffer, &pieces);
        match text.and_then(Block::of) {
            Some(block) => fill(meta, &candidate, &block),
            None => count(Stat::RefusedLength),
        }
        Some(())
    }
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
