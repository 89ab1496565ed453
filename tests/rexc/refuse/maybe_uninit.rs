// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let _n = core::mem::MaybeUninit::new(ctx.data().len()); //~ `MaybeUninit` can leak
    XdpVerdict::Pass
}
