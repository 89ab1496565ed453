// SPDX-License-Identifier: GPL-2.0-only
//! Could take the place of one.rs, if the kernel made maps of this size.
#![no_std]
use rex::prelude::*;

#[rex_map]
static HUGE: RexArray<[u64; 512]> = RexArray::new(1 << 31, 0);

#[rex_xdp]
pub fn incoming(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    if HUGE.get(0).is_some() { XdpVerdict::Drop } else { XdpVerdict::Aborted }
}

#[rex_tc]
pub fn outgoing(_ctx: &mut Tc<'_>) -> TcVerdict {
    TcVerdict::Ok
}

#[rex_fentry]
pub fn calls(_ctx: &Fentry<'_>) -> rex::Result {
    Ok(0)
}
