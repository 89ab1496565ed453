// SPDX-License-Identifier: GPL-2.0-only
//! Never ends.
#![no_std]
use core::hint::black_box;
use rex::prelude::*;

#[rex_xdp]
pub fn endless_loop(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    while black_box(true) {}
    XdpVerdict::Drop
}

/// The same, calling a helper all the time.
#[rex_xdp]
pub fn endless_helper(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    while rex::time::ktime_ns() > 0 {}
    XdpVerdict::Drop
}

#[rex_tc]
pub fn endless_tc(_ctx: &mut Tc<'_>) -> TcVerdict {
    while black_box(true) {}
    TcVerdict::Shot
}
