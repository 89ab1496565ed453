// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

unsafe extern "C" { //~ `extern` block
    safe fn printk(text: &str);
}

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    printk("");
    let _ = ctx;
    XdpVerdict::Pass
}
