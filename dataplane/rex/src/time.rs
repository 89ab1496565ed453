// SPDX-License-Identifier: GPL-2.0-only
//! Clocks.

use crate::ffi;

/// Nanoseconds of CLOCK_MONOTONIC.
#[inline(always)]
pub fn ktime_ns() -> u64 {
    // SAFETY: callable from every hook.
    unsafe { ffi::rex_ktime_ns() }
}
