// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

extern crate proc_macro; //~ can't find crate for `proc_macro`

fn used() {}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
