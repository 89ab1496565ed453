// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

unsafe fn raw(p: *const u8) -> *const u8 { //~ `unsafe` in a program
    p
}

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let _ = ctx;
    XdpVerdict::Pass
}
