// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

struct Heap;

#[global_allocator]
static HEAP: Heap = Heap; //~ `Heap: GlobalAlloc` is not satisfied

fn used() {}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
