// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

const SIZE: u32 = 8;
const P: *const u32 = &raw const SIZE;

#[rex_map]
static M: RexArray<u64> = RexArray::new(*P, 0); //~ dereference of raw pointer is unsafe

fn used() {
    M.get(0);
}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
