// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

macro_rules! run {
    ($($t:tt)*) => {
        $($t)*
    };
}

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let n = ctx.data().len();
    if run!(unsafe { *(&raw const n) }) == 0 { //~ `unsafe` block in a program
        return XdpVerdict::Drop;
    }
    XdpVerdict::Pass
}
