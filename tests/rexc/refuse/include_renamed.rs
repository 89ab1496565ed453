// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

use core::include as bring;

bring!("other.txt"); //~ `include!` is not allowed

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
