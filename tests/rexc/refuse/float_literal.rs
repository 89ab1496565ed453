// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let n = 0.5 + 1.5; //~ floating point (`0.5`) is not available
    if n > 3. {
        return XdpVerdict::Drop;
    }
    let _ = ctx;
    XdpVerdict::Pass
}
