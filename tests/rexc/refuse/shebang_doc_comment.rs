#!/** a doc comment, so this line is no attribute */[ r##########"
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

unsafe extern "C" { //~ `extern` block
    safe fn memset(to: *mut u8, c: i32, n: usize) -> *mut u8;
}

fn used() {
    memset(core::ptr::null_mut(), 0, 1);
}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
// "##########
