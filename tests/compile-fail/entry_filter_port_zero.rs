//~ ERROR: 0 is no port
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_xdp(filter = udp(53, 0))]
pub fn run(_ctx: &mut Xdp<'_>) -> XdpVerdict { XdpVerdict::Pass }
