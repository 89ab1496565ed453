// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

extern crate self as core; //~ `extern crate` in a program

/// What the macros take for core's.
pub mod mem {
    pub const fn size_of<T>() -> usize {
        8
    }
}

fn used() {}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
