// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[cfg_attr(all(), unsafe(no_mangle))] //~ attribute `unsafe(no_mangle)` is not allowed
pub fn memcpy() {}

fn used() {}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
