// SPDX-License-Identifier: GPL-2.0-only
//! Bytes of a packet.

use crate::copy;

/// Moves the first `len` of `bytes` up, by `by`; the first `by` of them stay as they are. False,
/// and nothing moved, when there is no room for that.
///
/// As `bytes.copy_within(..len, by)`, for the few bytes of a header or a key: words, without a call.
///
/// ```
/// use rex::bytes::shift_up;
///
/// let mut text = *b"get key12345...";
/// assert!(shift_up(&mut text[4..], 8, 3));
/// assert_eq!(&text, b"get keykey12345");
/// assert!(!shift_up(&mut text[4..], 9, 3));
/// ```
#[inline(always)]
#[must_use]
pub fn shift_up(bytes: &mut [u8], len: usize, by: usize) -> bool {
    let there = len <= bytes.len() && by <= bytes.len() - len;
    if there {
        // SAFETY: len + by bytes are there, and the slice is exclusive.
        unsafe { copy::shift_up(bytes.as_mut_ptr(), len, by) };
    }
    there
}
