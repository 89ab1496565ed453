// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let _n = core::mem::ManuallyDrop::new(ctx.data().len()); //~ `ManuallyDrop` can leak
    XdpVerdict::Pass
}
