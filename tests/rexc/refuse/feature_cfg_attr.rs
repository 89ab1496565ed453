// SPDX-License-Identifier: GPL-2.0-only
#![cfg_attr(all(), feature(core_intrinsics))] //~ unstable `feature`
use rex::prelude::*;

fn used() {}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
