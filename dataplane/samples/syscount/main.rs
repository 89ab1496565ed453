// SPDX-License-Identifier: GPL-2.0-only
//! Counts system calls by process and number.
#![no_std]

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use rex::prelude::*;
use rex::raw_tracepoint::RawTracepoint;
use rex::{Result, task};

#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub struct Key {
    tgid: u32,
    call: u32,
}

/// The least recently used pairs make room for new ones.
#[rex_map]
static CALLS: RexLruHashMap<Key, AtomicU64> = RexLruHashMap::new(10240, 0);

/// At `sys_enter(struct pt_regs *regs, long id)`.
#[rex_raw_tracepoint]
pub fn count(ctx: &RawTracepoint<'_>) -> Result {
    let call = ctx.arg(1).ok_or(0)? as u32;
    let key = Key { tgid: task::current().tgid() as u32, call };
    if let Some(count) = CALLS.get_ref(ctx.scope(), &key) {
        count.fetch_add(1, Relaxed);
    } else if CALLS.insert_new_from(&key, &AtomicU64::new(1)).is_err() {
        CALLS.get_ref(ctx.scope(), &key).ok_or(0)?.fetch_add(1, Relaxed);
    }
    Ok(0)
}
