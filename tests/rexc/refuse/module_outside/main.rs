// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

// Where a file lies makes no difference: all that the compiler reads is scanned.
#[path = "../outside.txt"]
mod outside;

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    outside::used();
    XdpVerdict::Pass
}
