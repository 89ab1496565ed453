// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    core::mem::r#forget(ctx.data().len()); //~ `forget` can leak
    XdpVerdict::Pass
}
