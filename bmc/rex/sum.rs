// SPDX-License-Identifier: GPL-2.0-only
//! The Internet checksum in the machine's order of bytes: a ones' complement sum of words does not
//! care in which order their bytes are, as long as it is the same for all.

use crate::store::END;

/// A sum of words that is not folded yet: 64 bits have room for the 32-bit words of any frame. So
/// sums are added without the check that would cost every packet.
pub type Sum = u64;

/// Both together.
#[inline(always)]
pub fn add(a: Sum, b: Sum) -> Sum {
    a.wrapping_add(b)
}

/// The sum of `bytes`, the first of which is at an even offset.
#[inline(always)]
pub fn of(bytes: &[u8]) -> Sum {
    let (words, rest) = bytes.as_chunks::<8>();
    let sum = words.iter().fold(0, |sum: Sum, word| {
        let (sum, carry) = sum.overflowing_add(Sum::from_le_bytes(*word));
        // An end-around carry: what carried over is less than all ones.
        sum.wrapping_add(Sum::from(carry))
    });
    // Room for what is added later.
    (sum >> 32) + (sum & 0xffff_ffff) + last(rest)
}

/// Less than 8 bytes.
#[inline(always)]
fn last(rest: &[u8]) -> Sum {
    let (words, rest) = rest.as_chunks::<4>();
    let sum = words.first().map_or(0, |word| Sum::from(u32::from_le_bytes(*word)));
    sum + match *rest {
        [] => 0,
        [a] => Sum::from(a),
        [a, b] => Sum::from(u16::from_le_bytes([a, b])),
        [a, b, c, ..] => Sum::from(u32::from_le_bytes([a, b, c, 0])),
    }
}

/// Folds a sum to 16 bits; 0 only for the sum 0.
#[inline(always)]
pub fn fold(sum: Sum) -> u16 {
    let (half, carry) = (sum as u32).overflowing_add((sum >> 32) as u32);
    // No overflow: as above.
    let half = half.wrapping_add(u32::from(carry));
    // The upper half of this sum has the carry of the lower one in it.
    (half.wrapping_add(half.rotate_left(16)) >> 16) as u16
}

/// Whether the sum of these words, the last of which is short, folds to 0xffff; it is not 0.
#[inline(always)]
pub fn is_right<const N: usize>(words: [Sum; N], short: u32) -> bool {
    // Modulo 2^64 - 1, and so modulo 65535, which divides that: what carries over is added again.
    let add = |(sum, carry): (Sum, bool), word: Sum| {
        let (sum, one) = sum.overflowing_add(word);
        let (sum, two) = sum.overflowing_add(carry.into());
        (sum, one | two)
    };
    let all = words.into_iter().fold((0, false), add);
    let (sum, carry) = add(all, short.into());
    // The rest that a division by 65535 leaves is 0, without the division: by its inverse.
    let quotient = sum.wrapping_add(carry.into()).wrapping_mul(0xfffe_fffe_fffe_ffff);
    quotient <= u64::MAX / 0xffff
}

/// What `END\r\n` adds to the sum of a text that is `len` bytes long without it.
#[inline(always)]
pub fn of_end(len: usize) -> Sum {
    const SUM: u16 = {
        let [a, b, c, d, e] = *END;
        // In all it carries nothing over: three letters and two control characters.
        let sum = a as u32 + c as u32 + e as u32 + ((b as u32 + d as u32) << 8);
        assert!(sum <= 0xffff);
        sum as u16
    };
    at(SUM, len)
}

/// What `sum` counts at an odd offset, if `odd` is odd.
#[inline(always)]
pub fn at(sum: u16, odd: usize) -> Sum {
    Sum::from(sum.rotate_left((odd as u32 & 1) * 8))
}

/// As the checksum's field has it in memory. Never 0, which would mean that there is none.
#[inline(always)]
pub fn finish(sum: Sum) -> [u8; 2] {
    let check = !fold(sum);
    (if check == 0 { 0xffff } else { check }).to_le_bytes()
}
