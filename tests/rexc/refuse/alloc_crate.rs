// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

extern crate alloc; //~ `extern crate` in a program

fn used() {
    drop(alloc::vec::Vec::<u8>::new());
}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
