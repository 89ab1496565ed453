// SPDX-License-Identifier: GPL-2.0-only
//! The parser's state in plain words.

use crate::proto::{Requests, WORDS};

#[inline(always)]
pub fn load(words: &[u64; WORDS]) -> Requests {
    Requests::load(|i| words.get(i).copied().unwrap_or(0))
}

#[inline(always)]
pub fn save(words: &mut [u64; WORDS], requests: &Requests) {
    requests.save(|i, value| {
        if let Some(word) = words.get_mut(i) {
            *word = value;
        }
    });
}
