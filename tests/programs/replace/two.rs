// SPDX-License-Identifier: GPL-2.0-only
//! Takes the place of one.rs: the same entries in another order, with other maps.
#![no_std]
use rex::prelude::*;
use rex::program;

#[rex_map]
static RAN_TWO: RexArray<u64> = RexArray::new(2, 0);

#[rex_fentry]
pub fn calls(_ctx: &Fentry<'_>) -> rex::Result {
    Ok(0)
}

#[rex_xdp]
pub fn only_there(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    XdpVerdict::Drop
}

#[rex_tc]
pub fn outgoing(_ctx: &mut Tc<'_>) -> TcVerdict {
    TcVerdict::Ok
}

#[rex_xdp]
pub fn incoming(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    let runs = RAN_TWO.get(0).unwrap_or(0);
    RAN_TWO.set(0, runs + 1);
    RAN_TWO.set(1, program::generation().into());
    XdpVerdict::Pass
}
