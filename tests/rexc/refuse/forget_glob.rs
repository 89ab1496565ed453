// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

use core::mem::*;

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    forget(ctx.data().len()); //~ `forget` can leak
    XdpVerdict::Pass
}
