// SPDX-License-Identifier: GPL-2.0-only
//! Cannot take the place of one.rs while `incoming` is attached, which has no filter there.
#![no_std]
use rex::prelude::*;

#[rex_xdp(filter = udp(53))]
pub fn incoming(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    XdpVerdict::Pass
}

#[rex_tc]
pub fn outgoing(_ctx: &mut Tc<'_>) -> TcVerdict {
    TcVerdict::Ok
}

#[rex_fentry]
pub fn calls(_ctx: &Fentry<'_>) -> rex::Result {
    Ok(0)
}
