// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

use core::arch::naked_asm as body; //~ `naked_asm!` is not allowed

fn used() {}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
