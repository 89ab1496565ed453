// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let n = ctx.data().len() as f64; //~ floating point (`f64`) is not available
    if n * n > 9e4 {
        return XdpVerdict::Drop;
    }
    XdpVerdict::Pass
}
