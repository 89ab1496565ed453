// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

macro_rules! call {
    ($f:ident, $e:expr) => {
        core::mem::$f($e) //~ `forget` can leak
    };
}

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    call!(forget, ctx.data().len());
    XdpVerdict::Pass
}
