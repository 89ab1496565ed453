// SPDX-License-Identifier: GPL-2.0-only
//! Arithmetic that overflows on every packet: a panic, or a number of another size.
#![no_std]
use rex::prelude::*;

#[rex_xdp]
pub fn overflow(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let len = ctx.data().len() as u32;
    let missing = 10 - len;
    if missing > u32::MAX / 2 { XdpVerdict::Tx } else { XdpVerdict::Pass }
}
