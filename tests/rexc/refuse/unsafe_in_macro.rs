// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

macro_rules! get {
    ($e:expr) => {
        unsafe { *(&raw const $e) } //~ `unsafe` block in a program
    };
}

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let n = ctx.data().len();
    if get!(n) == 0 {
        return XdpVerdict::Drop;
    }
    XdpVerdict::Pass
}
