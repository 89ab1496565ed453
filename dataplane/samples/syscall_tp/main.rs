// SPDX-License-Identifier: GPL-2.0-only
//! Counts openat calls and how they ended, at the two tracepoints of the system call.
#![no_std]

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use rex::Result;
use rex::prelude::*;
use rex::tracepoint::{SyscallEnter, SyscallExit, Tracepoint};

#[rex_map]
static CALLS: RexPerCpuArray<u64> = RexPerCpuArray::new(1, 0);
/// By errno; 0: the file was opened.
#[rex_map]
static RESULTS: RexHashMap<u32, AtomicU64> = RexHashMap::new(256, 0);

#[rex_tracepoint]
pub fn enter(_obj: &Tracepoint, _call: &SyscallEnter) -> Result {
    CALLS.add(0, 1);
    Ok(0)
}

#[rex_tracepoint]
pub fn exit(obj: &Tracepoint, call: &SyscallExit) -> Result {
    let errno = call.ret.min(0).unsigned_abs() as u32;
    match RESULTS.get_ref(obj.scope(), &errno) {
        Some(count) => {
            count.fetch_add(1, Relaxed);
        }
        // Another CPU may be first: then its element is counted on.
        None => {
            if RESULTS.insert_new_from(&errno, &AtomicU64::new(1)).is_err() {
                RESULTS.get_ref(obj.scope(), &errno).ok_or(0)?.fetch_add(1, Relaxed);
            }
        }
    }
    Ok(0)
}
