// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let x = ctx.data().len();
    let p = &raw const x;
    let y = unsafe { *p }; //~ `unsafe` block in a program
    if y == 0 {
        return XdpVerdict::Drop;
    }
    XdpVerdict::Pass
}
