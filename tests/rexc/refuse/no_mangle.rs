// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[unsafe(no_mangle)] //~ attribute `unsafe(no_mangle)` is not allowed
pub extern "C" fn memcpy() {}

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let _ = ctx;
    XdpVerdict::Pass
}
