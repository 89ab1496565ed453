// SPDX-License-Identifier: GPL-2.0-only
#![feature(core_intrinsics)] //~ unstable `feature`
use rex::prelude::*;

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let _ = ctx;
    XdpVerdict::Pass
}
