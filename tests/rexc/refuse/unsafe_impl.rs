// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

struct Cell(u32);
unsafe impl Sync for Cell {} //~ `unsafe` in a program

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let _ = (ctx, Cell(0));
    XdpVerdict::Pass
}
