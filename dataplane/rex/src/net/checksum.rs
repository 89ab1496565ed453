// SPDX-License-Identifier: GPL-2.0-only
//! The Internet checksum (RFC 1071) and its incremental update (RFC 1624).

/// Adds `bytes` to a ones' complement sum that is not folded yet. Pieces but the last must have
/// an even length.
#[inline]
pub fn add(sum: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<4>();
    // At most 2^32 - 1 per word: 2^32 words fit.
    let sum = words.iter().fold(sum, |sum, word| sum + u64::from(u32::from_be_bytes(*word)));
    let mut last = [0; 4];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    sum + u64::from(u32::from_be_bytes(last))
}

/// Folds a sum into the checksum field's value.
#[inline]
pub fn finish(mut sum: u64) -> u16 {
    sum = (sum >> 32) + (sum & 0xffff_ffff);
    sum = (sum >> 32) + (sum & 0xffff_ffff);
    sum = (sum >> 16) + (sum & 0xffff);
    sum = (sum >> 16) + (sum & 0xffff);
    sum = (sum >> 16) + (sum & 0xffff);
    !(sum as u16)
}

/// The checksum of `bytes`; 0 when they contain their own right checksum.
///
/// ```
/// use rex::net::checksum::checksum;
///
/// // The example of RFC 1071, section 3.
/// assert_eq!(checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
/// ```
#[inline]
pub fn checksum(bytes: &[u8]) -> u16 {
    finish(add(0, bytes))
}

/// The checksum after a 16-bit field changed from `old` to `new` (RFC 1624, equation 3).
///
/// ```
/// use rex::net::checksum::update;
///
/// // The example of RFC 1624, section 4.
/// assert_eq!(update(0xdd2f, 0x5555, 0x3285), 0x0000);
/// ```
#[inline]
pub fn update(check: u16, old: u16, new: u16) -> u16 {
    finish(u64::from(!check) + u64::from(!old) + u64::from(new))
}
