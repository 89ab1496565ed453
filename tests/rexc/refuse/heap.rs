// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

fn used() -> u8 {
    *Box::new(1) //~ cannot find type `Box`
}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
