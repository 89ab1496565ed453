// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[rustc_std_internal_symbol] //~ use of an internal attribute
pub fn memcpy() {}

fn used() {}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
