// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

use core::mem::forget as bye; //~ `forget` can leak

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    bye(ctx.data().len());
    XdpVerdict::Pass
}
