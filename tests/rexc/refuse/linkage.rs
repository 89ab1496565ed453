// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[linkage = "external"] //~ the `linkage` attribute is experimental
pub fn memcpy() {}

fn used() {}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
