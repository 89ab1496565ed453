// SPDX-License-Identifier: GPL-2.0-only
//! The CPU that the program runs on.

use crate::ffi;
#[cfg(target_arch = "x86_64")]
use core::arch::asm;

/// Its number. It does not change during an invocation.
#[inline(always)]
pub fn id() -> u32 {
    // SAFETY: callable from every hook.
    unsafe { ffi::rex_cpu() }
}

/// The NUMA node that it belongs to.
#[inline(always)]
pub fn numa_node() -> u32 {
    // SAFETY: callable from every hook.
    unsafe { ffi::rex_numa_node() }
}

/// A pseudo-random number, not fit for secrets.
#[inline(always)]
pub fn random() -> u32 {
    // SAFETY: callable from every hook.
    unsafe { ffi::rex_random() }
}

/// What to add to a per-CPU pointer to get this CPU's copy.
#[inline(always)]
pub(crate) fn this_cpu_off() -> u64 {
    let off: u64;
    // SAFETY: rex.ko sets rex_runtime before a program can run and never changes it; the word at
    // that %gs-relative address is constant as long as the CPU is the same, that is, for the
    // whole invocation: hence pure and nomem, which let the compiler read it once.
    unsafe {
        asm!("mov {off}, qword ptr gs:[{at}]", at = in(reg) ffi::rex_runtime.this_cpu_off,
             off = lateout(reg) off, options(pure, nomem, nostack, preserves_flags));
    }
    off
}
