// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

fn used() {
    extern crate r#core as other; //~ `extern crate` in a program
    other::hint::spin_loop();
}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
