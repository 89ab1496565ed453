// SPDX-License-Identifier: GPL-2.0-only
//! A `set` as most clients write it, read in one go.

use super::words::{MAX_KEY, word_len};

/// One whole `set` and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainSet<'a> {
    pub key: &'a [u8],
    pub exptime: u32,
}

/// `set KEY FLAGS EXPTIME BYTES\r\n`, the value, `\r\n` and nothing else: words with one space in
/// between, without sign and `noreply`. Of such bytes, [`Requests`](super::Requests) say the same.
#[inline(always)]
pub fn plain_set(bytes: &[u8]) -> Option<PlainSet<'_>> {
    let rest = bytes.strip_prefix(b"set ")?;
    let (key, rest) = rest.split_at_checked(word_len(rest))?;
    let (exptime, rest) = match rest.strip_prefix(b" 0 0") {
        Some(rest) => (0, rest),
        None => number(number(rest)?.1)?,
    };
    let (len, rest) = number(rest)?;
    let value = rest.strip_prefix(b"\r\n")?.strip_suffix(b"\r\n")?;
    let good = (1..=MAX_KEY).contains(&key.len()) && value.len() == len as usize;
    good.then_some(PlainSet { key, exptime })
}

/// A space and a number, behind which more follows. What is left.
#[inline(always)]
fn number(text: &[u8]) -> Option<(u32, &[u8])> {
    let text = text.strip_prefix(b" ")?;
    // What is no digit gets its top bit; the lowest such byte is exact.
    let word = u64::from_le_bytes(*text.first_chunk()?) ^ super::bytes(b'0');
    let others = (word.wrapping_add(super::bytes(0x80 - 10)) | word) & super::bytes(0x80);
    let bits = others.trailing_zeros() & !7;
    if bits == 0 || bits > 56 {
        return None;
    }
    // Eight digits, the first ones zeros: pairs, fours, all.
    let digits = word << (64 - bits);
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let low = (pairs & 0xff_0000_00ff).wrapping_mul(100 + (1_000_000 << 32));
    let high = (pairs >> 16 & 0xff_0000_00ff).wrapping_mul(1 + (10_000 << 32));
    let value = low.wrapping_add(high) >> 32;
    Some((value as u32, text.get(bits as usize / 8..)?))
}
