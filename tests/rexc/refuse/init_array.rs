// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[used]
#[unsafe(link_section = ".init_array")] //~ attribute `unsafe(link_section)` is not allowed
static FIRST: fn() = used;

fn used() {}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
