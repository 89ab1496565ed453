// SPDX-License-Identifier: GPL-2.0-only
//! The Internet checksum (RFC 1071) and its incremental update (RFC 1624).

/// Adds `bytes` to a ones' complement sum that is not folded yet. Pieces but the last must have
/// an even length.
#[inline]
pub fn add(sum: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<4>();
    // At most 2^32 - 1 per word: 2^32 words fit, and no check of an overflow is needed.
    let sum =
        words.iter().fold(sum, |sum, word| sum.wrapping_add(u64::from(u32::from_be_bytes(*word))));
    let mut last = [0; 4];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    sum.wrapping_add(u64::from(u32::from_be_bytes(last)))
}

/// Folds a sum to 16 bits.
#[inline]
fn fold(mut sum: u64) -> u16 {
    sum = (sum >> 32) + (sum & 0xffff_ffff);
    sum = (sum >> 32) + (sum & 0xffff_ffff);
    sum = (sum >> 16) + (sum & 0xffff);
    sum = (sum >> 16) + (sum & 0xffff);
    sum = (sum >> 16) + (sum & 0xffff);
    sum as u16
}

/// Folds a sum into the checksum field's value.
#[inline]
pub fn finish(sum: u64) -> u16 {
    !fold(sum)
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
    Change::u16(old, new).apply(check)
}

/// What a change of some bytes does to a checksum over them: what `bpf_csum_diff` computes. For
/// [`apply`](Self::apply) and for [`Tc::l4_csum_replace`](crate::tc::Tc::l4_csum_replace). The
/// bytes must begin at an even offset of what the checksum covers.
///
/// ```
/// use rex::net::checksum::{Change, checksum};
///
/// let mut packet = *b"old address, rest";
/// let check = checksum(&packet);
/// let change = Change::bytes(b"old ", b"new ");
/// packet[..4].copy_from_slice(b"new ");
/// assert_eq!(change.apply(check), checksum(&packet));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change(u16);

impl Change {
    /// A 16-bit number changed.
    #[inline]
    pub fn u16(old: u16, new: u16) -> Self {
        Self(fold(u64::from(!old) + u64::from(new)))
    }

    /// A 32-bit number changed.
    #[inline]
    pub fn u32(old: u32, new: u32) -> Self {
        Self(fold(u64::from(!old) + u64::from(new)))
    }

    /// A 128-bit number changed: an IPv6 address.
    #[inline]
    pub fn u128(old: u128, new: u128) -> Self {
        Self::bytes(&old.to_be_bytes(), &new.to_be_bytes())
    }

    /// `old` was replaced by `new`, which may have another length: put in or taken out at the end.
    #[inline]
    pub fn bytes(old: &[u8], new: &[u8]) -> Self {
        Self(fold(add(u64::from(finish(add(0, old))), new)))
    }

    /// Both changes.
    #[inline]
    pub fn and(self, other: Self) -> Self {
        Self(fold(u64::from(self.0) + u64::from(other.0)))
    }

    /// The checksum after the change.
    #[inline]
    pub fn apply(self, check: u16) -> u16 {
        finish(u64::from(!check) + u64::from(self.0))
    }

    /// As the kernel's `__wsum`: in network order, which for a folded sum is a swap of its bytes.
    #[inline]
    pub(crate) fn to_kernel(self) -> u64 {
        self.0.to_be().into()
    }
}
