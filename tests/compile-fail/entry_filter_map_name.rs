//~ ERROR: at most 10 ASCII characters
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_map]
static ELEVENCHARS: RexArray<[u16; 1]> = RexArray::new(1, 0);
#[rex_xdp(filter = udp(in ELEVENCHARS))]
pub fn run(_ctx: &mut Xdp<'_>) -> XdpVerdict { XdpVerdict::Pass }
