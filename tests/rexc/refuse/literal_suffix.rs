// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

macro_rules! swallow {
    ($($token:tt)*) => {};
}

// The r is the first string's suffix, so the second string is not raw: it ends behind the comma.
swallow! { "x"r"\", " }

unsafe extern "C" { //~ `extern` block
    safe fn memset(to: *mut u8, c: i32, n: usize) -> *mut u8;
}

fn used() {
    memset(core::ptr::null_mut(), 0, 1);
}

swallow! { " }
// "}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
