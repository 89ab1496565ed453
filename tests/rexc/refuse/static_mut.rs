// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

static mut COUNT: u32 = 0;

fn used() {
    COUNT += 1; //~ use of mutable static is unsafe
}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
