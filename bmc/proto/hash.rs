// SPDX-License-Identifier: GPL-2.0-only

/// Keyed hash: multiplies into 128 bits and folds them. Whoever does not know `seed` cannot make
/// keys that collide; keys are compared in full nevertheless.
#[inline(always)]
pub fn hash(seed: u64, key: &[u8]) -> u64 {
    let last = match key.last_chunk::<8>() {
        Some(end) => u64::from_le_bytes(*end),
        None => {
            let word = key.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
            word << unused_bits(key.len())
        }
    };
    hash_and_sum(seed, key, last).0
}

/// How many bits of the last word are not of the key.
#[inline(always)]
fn unused_bits(len: usize) -> u32 {
    (len as u32).wrapping_neg().wrapping_mul(8) & 63
}

/// [`hash`], and the ones' complement sum of the key's words, the last one filled up with zeros, in
/// one walk. `last` is the 8 bytes that end with the key; those before it do not matter.
#[inline(always)]
pub fn hash_and_sum(seed: u64, key: &[u8], last: u64) -> (u64, u64) {
    let (mut state, mut sum) = (seed ^ key.len() as u64, 0);
    let mut rest = key;
    let mut next = || {
        if rest.len() <= 8 {
            return false;
        }
        let Some((word, behind)) = rest.split_first_chunk() else { return false };
        let word = u64::from_le_bytes(*word);
        state = fold(state ^ word);
        sum = add(sum, word);
        rest = behind;
        true
    };
    // Keys of up to 16 bytes need no loop.
    if next() {
        while next() {}
    }
    let last = last >> unused_bits(key.len());
    (fold(state ^ last), add(sum, last))
}

#[inline(always)]
fn fold(word: u64) -> u64 {
    let wide = u128::from(word) * 0x9e37_79b9_7f4a_7c15;
    wide as u64 ^ (wide >> 64) as u64
}

/// With an end-around carry.
#[inline(always)]
fn add(a: u64, b: u64) -> u64 {
    let (sum, carry) = a.overflowing_add(b);
    sum.wrapping_add(u64::from(carry))
}
