// SPDX-License-Identifier: GPL-2.0-only

/// Keyed hash: multiplies into 128 bits and folds them. Whoever does not know `seed` cannot make
/// keys that collide; keys are compared in full nevertheless.
#[inline(always)]
pub fn hash(seed: u64, key: &[u8]) -> u64 {
    let (words, rest) = key.as_chunks::<8>();
    let state = words
        .iter()
        .fold(seed ^ key.len() as u64, |state, word| fold(state ^ u64::from_le_bytes(*word)));
    fold(state ^ last_word(key, rest))
}

/// The bytes behind the last whole word, as a word filled up with zeros.
#[inline(always)]
fn last_word(key: &[u8], rest: &[u8]) -> u64 {
    match (key.last_chunk::<8>(), rest.len()) {
        (_, 0) => 0,
        // In one load: the word that ends with the key, without its head.
        (Some(end), len) => u64::from_le_bytes(*end) >> (64 - 8 * len),
        (None, _) => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

#[inline(always)]
fn fold(word: u64) -> u64 {
    let wide = u128::from(word) * 0x9e37_79b9_7f4a_7c15;
    wide as u64 ^ (wide >> 64) as u64
}
