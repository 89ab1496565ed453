// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

extern crate proc_macro; //~ `extern crate` in a program

fn used() {}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
