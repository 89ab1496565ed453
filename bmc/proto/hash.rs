// SPDX-License-Identifier: GPL-2.0-only

/// Keyed hash: multiplies into 128 bits and folds them. Whoever does not know `seed` cannot make
/// keys that collide; keys are compared in full nevertheless.
#[inline(always)]
pub fn hash(seed: u64, key: &[u8]) -> u64 {
    let last = match key.last_chunk::<8>() {
        Some(end) => *end,
        None => {
            let word = key.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
            (word << unused_bits(key.len())).to_le_bytes()
        }
    };
    hash_with_last(seed, key, &last)
}

/// How many bits of the last word are not of the key.
#[inline(always)]
fn unused_bits(len: usize) -> u32 {
    (len as u32).wrapping_neg().wrapping_mul(8) & 63
}

/// [`hash`]. `last` is the 8 bytes that end with the key; those before it do not matter.
#[inline(always)]
pub fn hash_with_last(seed: u64, key: &[u8], last: &[u8; 8]) -> u64 {
    let mut state = seed ^ key.len() as u64;
    let mut rest = key;
    let mut next = || {
        if rest.len() <= 8 {
            return false;
        }
        let Some((word, behind)) = rest.split_first_chunk() else { return false };
        state = fold(state ^ u64::from_le_bytes(*word));
        rest = behind;
        true
    };
    // Keys of up to 16 bytes need no loop.
    if next() {
        while next() {}
    }
    fold(state ^ u64::from_le_bytes(*last) >> unused_bits(key.len()))
}

#[inline(always)]
fn fold(word: u64) -> u64 {
    let wide = u128::from(word) * 0x9e37_79b9_7f4a_7c15;
    wide as u64 ^ (wide >> 64) as u64
}
