// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

const SIZE: usize = 8;
const P: *const usize = &raw const SIZE;

#[derive(Clone, Copy, Pod)]
#[repr(C)]
struct Value {
    bytes: [u8; *P], //~ dereference of raw pointer is unsafe
}

fn used() -> usize {
    size_of::<Value>()
}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
