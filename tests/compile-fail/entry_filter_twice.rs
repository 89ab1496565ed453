//~ ERROR: `filter` is there twice
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_xdp(filter = udp, filter = tcp)]
pub fn run(_ctx: &mut Xdp<'_>) -> XdpVerdict { XdpVerdict::Pass }
