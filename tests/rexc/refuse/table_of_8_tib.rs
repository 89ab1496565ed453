// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

static TABLE: [u64; 1 << 40] = [7; 1 << 40]; //~ tried to allocate more memory than available

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    if TABLE[ctx.data().len()] == 7 { XdpVerdict::Pass } else { XdpVerdict::Drop }
}
