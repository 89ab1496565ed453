// SPDX-License-Identifier: GPL-2.0-only
//! Clocks. All can be read in any context, in nanoseconds but for [`jiffies64`].
//!
//! ```
//! use rex::time::{ktime_ns, NS_PER_MS};
//! # let session = rex::mock::Session::new();
//! # session.set_time_ns(5_000_000);
//!
//! let deadline = ktime_ns() + 20 * NS_PER_MS;
//! assert!(ktime_ns() < deadline);
//! ```

use crate::ffi;

/// Nanoseconds of a microsecond.
pub const NS_PER_US: u64 = 1_000;
/// Nanoseconds of a millisecond.
pub const NS_PER_MS: u64 = 1_000_000;
/// Nanoseconds of a second.
pub const NS_PER_SEC: u64 = 1_000_000_000;

/// CLOCK_MONOTONIC: time since boot without time in suspend.
#[inline(always)]
pub fn ktime_ns() -> u64 {
    // SAFETY: callable from every hook.
    unsafe { ffi::rex_ktime_ns() }
}

/// CLOCK_BOOTTIME: time since boot.
#[inline(always)]
pub fn ktime_boot_ns() -> u64 {
    // SAFETY: callable from every hook.
    unsafe { ffi::rex_ktime_boot_ns() }
}

/// CLOCK_TAI: time since 1970 without leap seconds; it jumps when the clock is set.
#[inline(always)]
pub fn ktime_tai_ns() -> u64 {
    // SAFETY: callable from every hook.
    unsafe { ffi::rex_ktime_tai_ns() }
}

/// CLOCK_MONOTONIC_COARSE: CLOCK_MONOTONIC at the last tick, never ahead of [`ktime_ns`].
///
/// Where interrupts are off, it is [`ktime_ns`] cut to whole ticks instead; so two readings may be
/// out of order by a tick.
#[inline(always)]
pub fn ktime_coarse_ns() -> u64 {
    // SAFETY: callable from every hook.
    unsafe { ffi::rex_ktime_coarse_ns() }
}

/// The number of ticks since boot, plus a constant.
#[inline(always)]
pub fn jiffies64() -> u64 {
    #[cfg(rex_mock)]
    // SAFETY: callable from every hook.
    return unsafe { ffi::rex_jiffies64() };
    #[cfg(not(rex_mock))]
    // SAFETY: rex.ko sets rex_runtime before a program can run, to an aligned word that the kernel
    // writes in one.
    unsafe {
        (ffi::rex_runtime.jiffies as *const u64).read_volatile()
    }
}
