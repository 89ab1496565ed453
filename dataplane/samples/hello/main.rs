// SPDX-License-Identifier: GPL-2.0-only
//! The smallest program that does something: says hello once per second at most.
#![no_std]

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use rex::prelude::*;
use rex::time::ktime_ns;

const SECOND: u64 = 1_000_000_000;

/// When the next greeting is due.
static NEXT: AtomicU64 = AtomicU64::new(0);

#[rex_xdp]
pub fn hello(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    let now = ktime_ns();
    let due = NEXT.load(Relaxed);
    // Of several CPUs, the one that moves the date speaks.
    if now >= due && NEXT.compare_exchange(due, now + SECOND, Relaxed, Relaxed).is_ok() {
        printk!("hello from safe Rust");
    }
    XdpVerdict::Pass
}
