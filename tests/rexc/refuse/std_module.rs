// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

fn used() -> bool {
    std::env::args().count() > 1 //~ cannot find module or crate `std`
}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
