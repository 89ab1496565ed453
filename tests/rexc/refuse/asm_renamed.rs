// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

use core::arch::asm as quiet;

fn used() {
    quiet!("hlt"); //~ `asm!` is not allowed
}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
