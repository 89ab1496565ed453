// SPDX-License-Identifier: GPL-2.0-only
//! Indexes out of bounds on every packet: a panic.
#![no_std]
use rex::prelude::*;

#[rex_xdp]
pub fn oob_panic(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let frame = ctx.data();
    let index = frame.len() + 5;
    if frame[index] == 0 { XdpVerdict::Drop } else { XdpVerdict::Pass }
}

#[rex_tc]
pub fn oob_panic_tc(ctx: &mut Tc<'_>) -> TcVerdict {
    let frame = ctx.data();
    let index = frame.len() + 5;
    if frame[index] == 0 { TcVerdict::Shot } else { TcVerdict::Ok }
}
