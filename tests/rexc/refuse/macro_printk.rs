// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

fn used() {
    let n = 1u32;
    let p = &raw const n;
    printk!(Level::Info, "{}", *p); //~ dereference of raw pointer is unsafe
}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
