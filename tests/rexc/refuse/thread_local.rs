// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[thread_local] //~ `#[thread_local]` is an experimental feature
static mut MINE: u32 = 0;

fn used() {}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
