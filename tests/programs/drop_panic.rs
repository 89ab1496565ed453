// SPDX-License-Identifier: GPL-2.0-only
//! Panics in a destructor, the second time while the first panic is being handled if that were
//! ever to run destructors.
#![no_std]
use core::hint::black_box;
use rex::prelude::*;

/// Element 0 counts destructors that ran to their end.
#[rex_map]
static DROPS: RexPerCpuArray<u64> = RexPerCpuArray::new(1, 0);

struct Bomb(bool);

impl Drop for Bomb {
    fn drop(&mut self) {
        if black_box(self.0) {
            panic!("in a destructor");
        }
        DROPS.add(0, 1);
    }
}

#[rex_xdp]
pub fn drop_panic(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    let _not_dropped = Bomb(true);
    let _bomb = Bomb(true);
    XdpVerdict::Drop
}

/// Panics with a destructor pending: it does not run.
#[rex_xdp]
pub fn panic_before_drop(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let _pending = Bomb(false);
    if black_box(ctx.data().len()) < 100_000 {
        panic!("before a destructor");
    }
    XdpVerdict::Drop
}
