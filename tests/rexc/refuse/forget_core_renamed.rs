// SPDX-License-Identifier: GPL-2.0-only
use core as c;
use rex::prelude::*;

fn used() {
    c::mem::forget(1); //~ `forget` can leak
}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
