//~ ERROR: out of range for `u16`
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_xdp(filter = udp(65537))]
pub fn run(_ctx: &mut Xdp<'_>) -> XdpVerdict { XdpVerdict::Pass }
