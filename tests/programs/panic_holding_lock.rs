// SPDX-License-Identifier: GPL-2.0-only
//! One entry panics while it holds a spin lock, the other shows whether the lock is free.
#![no_std]
use rex::prelude::*;

static TOTAL: SpinLock<u64> = SpinLock::new(0);

/// Element 0: how often `probe` found the lock free; 1: how often taken.
#[rex_map]
static PROBES: RexArray<u64> = RexArray::new(2, 0);

#[rex_xdp]
pub fn panic_holding(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let mut total = TOTAL.lock();
    *total += ctx.data().len() as u64;
    panic!("with the lock held");
}

/// Drops the packet when the lock is taken.
#[rex_xdp]
pub fn probe(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    let free = TOTAL.try_lock().is_some();
    let index = u32::from(!free);
    PROBES.set(index, PROBES.get(index).unwrap_or(0) + 1);
    if free { XdpVerdict::Pass } else { XdpVerdict::Drop }
}

/// Takes the lock twice: a panic, not a hang.
#[rex_xdp]
pub fn lock_twice(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    let mut first = TOTAL.lock();
    let second = TOTAL.lock();
    *first += *second;
    XdpVerdict::Drop
}
