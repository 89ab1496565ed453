// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

mod inner;

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let _ = inner::first(ctx.data());
    XdpVerdict::Pass
}
