// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let data = ctx.data();
    if data[data.len() / 2 + 5] == 1 {
        return XdpVerdict::Drop;
    }
    XdpVerdict::Pass
}
