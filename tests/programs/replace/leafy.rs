// SPDX-License-Identifier: GPL-2.0-only
//! Takes the place of one.rs, whose `incoming` can panic; this one's is a leaf.
#![no_std]
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use rex::prelude::*;

#[rex_map]
static RAN_LEAF: RexArray<AtomicU64> = RexArray::new(1, 0);

#[rex_xdp]
pub fn incoming(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    if let Some(runs) = RAN_LEAF.get_ref(0) {
        runs.fetch_add(1, Relaxed);
    }
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
