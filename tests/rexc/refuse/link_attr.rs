// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[link(name = "c")]
unsafe extern "C" { //~ `extern` block
    safe fn getpid() -> i32;
}

fn used() -> i32 {
    getpid()
}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
