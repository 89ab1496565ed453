//~ ERROR: a filter has 1 to 5 ports; a map can have 8
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_xdp(filter = udp(1, 2, 3, 4, 5, 6))]
pub fn run(_ctx: &mut Xdp<'_>) -> XdpVerdict { XdpVerdict::Pass }
