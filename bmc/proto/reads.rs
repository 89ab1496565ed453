// SPDX-License-Identifier: GPL-2.0-only
//! Commands that do nothing but read.

use super::text::only_reads;
use super::words::newline;

/// Bytes that are looked at in one go.
const STEP: usize = 16;

/// [`count_gets`] of one `get`, which is what most reads are: no newline but the last byte.
#[inline(always)]
fn is_one_get(bytes: &[u8]) -> bool {
    let Some(rest) = bytes.strip_prefix(b"get ").and_then(|rest| rest.strip_suffix(b"\n")) else {
        return false;
    };
    // The last step overlaps the one before.
    let Some(last) = rest.last_chunk() else { return !rest.contains(&b'\n') };
    let (mut found, mut rest) = (newlines(last), rest);
    while rest.len() > STEP
        && let Some((step, behind)) = rest.split_first_chunk()
    {
        found |= newlines(step);
        rest = behind;
    }
    found == 0
}

/// Not 0 if there is a newline in it.
#[inline(always)]
fn newlines(step: &[u8; STEP]) -> u64 {
    let (words, _) = step.as_chunks::<8>();
    let zeros = words.iter().fold(0, |zeros, word| {
        let word = u64::from_le_bytes(*word) ^ super::bytes(b'\n');
        zeros | word.wrapping_sub(super::bytes(1)) & !word
    });
    zeros & super::bytes(0x80)
}

/// How many lines the bytes are, if each is a whole `get` or `gets`, whatever is in it; `None` if
/// there is anything else. [`Requests`](super::Requests) find no effect in them.
#[inline(always)]
pub fn count_gets(bytes: &[u8]) -> Option<u32> {
    if is_one_get(bytes) { Some(1) } else { count_lines(bytes) }
}

#[inline(never)]
fn count_lines(bytes: &[u8]) -> Option<u32> {
    let (mut rest, mut n) = (bytes, 0u32);
    while only_reads(rest) {
        rest = rest.get(newline(rest)? + 1..)?;
        n = n.saturating_add(1);
    }
    (rest.is_empty() && n != 0).then_some(n)
}
