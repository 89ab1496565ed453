// SPDX-License-Identifier: GPL-2.0-only
//! The parser's state in plain words.

use crate::proto::{Requests, WORDS};

#[inline(always)]
pub fn load(words: &[u64; WORDS]) -> Requests {
    Requests::load(|i| words.get(i).copied().unwrap_or(0))
}

/// The same, over what a new one is.
#[inline(always)]
pub fn load_into(requests: &mut Requests, words: &[u64; WORDS]) {
    requests.load_into(|i| words.get(i).copied().unwrap_or(0));
}

/// Whether what comes next is a line: [`Requests::awaits_line`].
#[inline(always)]
pub fn await_line(words: &[u64; WORDS]) -> bool {
    let [first, ..] = *words;
    Requests::kept_awaits_line(first)
}

#[inline(always)]
pub fn save(words: &mut [u64; WORDS], requests: &Requests) {
    requests.save(|i, value| {
        if let Some(word) = words.get_mut(i) {
            *word = value;
        }
    });
}
