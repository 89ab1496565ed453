// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[path = "inner.txt"]
mod inner;

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    inner::first(ctx.data().len());
    XdpVerdict::Pass
}
