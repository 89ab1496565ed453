// SPDX-License-Identifier: GPL-2.0-only
//! The pieces of memcached's protocols that the accelerator reads, without allocation and without
//! a panic for any bytes.
//!
//! Everything here is strict: what is not exactly of the form that is answered or remembered is
//! `None`, and the packet is memcached's business; or [`Lost`], and the whole connection is in doubt.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod base64;
mod binary;
mod effect;
mod frame;
mod get;
mod hash;
mod meta;
mod question;
mod reads;
mod replies;
mod reply;
mod request;
mod set;
#[cfg(test)]
mod tests;
mod text;
mod words;

// Not all who read commands, replies and GETs name the types of what they get.
#[allow(unused_imports)]
pub use effect::{Complete, Effect, Lost, Op, Reply, Shape, Sink, Target};
pub use frame::{FRAME_LEN, is_single};
#[allow(unused_imports)]
pub use get::{Keys, MAX_KEYS, get_key, get_keys, get_several};
#[allow(unused_imports)]
pub use hash::{hash, hash_with_last};
#[allow(unused_imports)]
pub use question::{KeyList, MetaFlag, MetaFlags, Question};
#[allow(unused_imports)]
pub use reads::count_gets;
pub use replies::{Announced, Part, REPLY_LINE, Replies, ValueLine};
#[allow(unused_imports)]
pub use reply::{Block, Blocks, values};
pub use request::{Requests, WORDS};
#[allow(unused_imports)]
pub use set::{PlainSet, plain_set};
#[allow(unused_imports)]
pub use words::{MAX_KEY, newline};

/// Eight bytes that are all `byte`.
const fn bytes(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// The top bit of each byte of `word` that is at most a space, among them all control characters.
/// The lowest such byte is exact; above it there may be false ones, so that `!= 0` is exact.
const fn blanks(word: u64) -> u64 {
    word.wrapping_sub(bytes(b' ' + 1)) & !word & bytes(0x80)
}

/// Whether it is plain to see that [`no_blanks`] is true of `key`. It may also be true of one that is
/// short, or has bytes beyond ASCII. `last` is the 8 bytes that end with the key.
#[inline(always)]
pub fn is_plain(key: &[u8], last: &[u8; 8]) -> bool {
    let less = |word: u64| word.wrapping_sub(bytes(b' ' + 1));
    let mut all = less(u64::from_le_bytes(*last));
    words_but_last(key, |word| all |= less(word));
    key.len() >= 8 && all & bytes(0x80) == 0
}

/// Calls `each` with the whole words of `key` that are before its last, whole or not.
#[inline(always)]
fn words_but_last(key: &[u8], mut each: impl FnMut(u64)) {
    let mut rest = key;
    let mut next = || {
        if let Some((word, behind)) = rest.split_first_chunk() {
            each(u64::from_le_bytes(*word));
            rest = behind;
        }
        rest.len()
    };
    // Without a loop up to 16 bytes; above, two words in a turn.
    if key.len() > 8 {
        let mut left = next();
        if left > 8 {
            while left > 16 {
                next();
                left = next();
            }
            if left > 8 {
                next();
            }
        }
    }
}

/// Whether `text` can be (part of) a key: nothing up to a space in it.
#[inline(always)]
pub fn no_blanks(text: &[u8]) -> bool {
    // The last word overlaps the one before.
    let Some(last) = text.last_chunk() else { return text.iter().all(|byte| *byte > b' ') };
    let mut bad = blanks(u64::from_le_bytes(*last));
    let mut rest = text;
    while rest.len() > 8
        && let Some((word, behind)) = rest.split_first_chunk()
    {
        bad |= blanks(u64::from_le_bytes(*word));
        rest = behind;
    }
    bad == 0
}
