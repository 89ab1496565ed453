// SPDX-License-Identifier: GPL-2.0-only
//! Atomics in a plain static and in map values: add, exchange, compare and exchange, maximum.
#![no_std]

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use rex::prelude::*;

/// For this program alone; costs one instruction.
static SEEN: AtomicU64 = AtomicU64::new(0);

#[derive(SharedPod)]
#[repr(C)]
pub struct Stats {
    packets: AtomicU64,
    bytes: AtomicU64,
    longest: AtomicU64,
    /// Length of the packet before.
    last: AtomicU32,
    /// CPU plus one of the first packet ever.
    first_cpu: AtomicU32,
    /// Every power of two that `packets` has passed is counted once, by whichever CPU sees it.
    doublings: AtomicU64,
}

/// For user space, too.
#[rex_map]
static STATS: RexArray<Stats> = RexArray::new(1, 0);

#[rex_xdp]
pub fn count(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let len = ctx.data().len() as u64;
    SEEN.fetch_add(1, Relaxed);
    let Some(stats) = STATS.get_ref(0) else { return XdpVerdict::Pass };
    let packets = stats.packets.fetch_add(1, Relaxed) + 1;
    stats.bytes.fetch_add(len, Relaxed);
    stats.longest.fetch_max(len, Relaxed);
    stats.last.swap(len as u32, Relaxed);
    let _ = stats.first_cpu.compare_exchange(0, rex::cpu::id() + 1, Relaxed, Relaxed);
    if packets.is_power_of_two() {
        let _ = stats.doublings.fetch_update(Relaxed, Relaxed, |n| n.checked_add(1));
    }
    XdpVerdict::Pass
}
