// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[target_feature(enable = "avx2")]
fn wide() {}

fn used() {
    wide(); //~ call to function `wide` with `#[target_feature]` is unsafe
}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
