// SPDX-License-Identifier: GPL-2.0-only
//! A sampling profiler: counts kernel and user stacks by command.
#![no_std]

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use rex::Result;
use rex::perf_event::PerfEvent;
use rex::prelude::*;
use rex::stack::Chain;
use rex::task::{self, Comm};

#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub struct Key {
    comm: Comm,
    /// Ids in `STACKS`; -1: there was none.
    kernel: i32,
    user: i32,
}

#[rex_map]
static STACKS: RexStackTrace = RexStackTrace::new(4096, 0);
#[rex_map]
static COUNTS: RexHashMap<Key, AtomicU64> = RexHashMap::new(4096, 0);
/// Samples that found `COUNTS` full.
static LOST: AtomicU64 = AtomicU64::new(0);

#[rex_perf_event]
pub fn sample(ctx: &mut PerfEvent<'_>) -> Result {
    let id = |chain| ctx.get_stackid(&STACKS, chain).map_or(-1, |id| id as i32);
    let key =
        Key { comm: task::current().comm(), kernel: id(Chain::KERNEL), user: id(Chain::USER) };
    if let Some(count) = COUNTS.get_ref(ctx.scope(), &key) {
        count.fetch_add(1, Relaxed);
    } else if COUNTS.insert_new_from(&key, &AtomicU64::new(1)).is_err() {
        LOST.fetch_add(1, Relaxed);
    }
    Ok(0)
}
