//~ ERROR: mismatched types
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_map]
static PORTS: RexArray<[u32; 2]> = RexArray::new(1, 0);
#[rex_xdp(filter = udp(in PORTS))]
pub fn run(_ctx: &mut Xdp<'_>) -> XdpVerdict { XdpVerdict::Pass }
