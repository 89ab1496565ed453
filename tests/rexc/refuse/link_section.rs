// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[unsafe(link_section = ".init.text")] //~ attribute `unsafe(link_section)` is not allowed
pub static X: u32 = 1;

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let _ = ctx;
    XdpVerdict::Pass
}
