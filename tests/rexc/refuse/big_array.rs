// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict { //~ 28672 are available
    let mut seen = [0u8; 40 * 1024];
    for (i, b) in ctx.data().iter().enumerate() {
        seen[i * 7] = *b;
    }
    if seen[ctx.data().len() * 3] == 1 {
        return XdpVerdict::Drop;
    }
    XdpVerdict::Pass
}
