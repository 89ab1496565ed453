// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

macro_rules! declare {
    ($first:tt in $second:tt) => {
        $first $second self as other;
    };
}

declare!(extern in crate); //~ `extern` put together by a macro

fn used() {}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
