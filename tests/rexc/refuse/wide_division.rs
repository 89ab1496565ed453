// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let n = rex::time::ktime_ns() as u128 * ctx.data().len() as u128;
    if n / rex::time::ktime_ns() as u128 == 1 { //~ the program needs `__udivti3`
        return XdpVerdict::Drop;
    }
    XdpVerdict::Pass
}
