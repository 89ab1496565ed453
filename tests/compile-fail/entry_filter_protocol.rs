//~ ERROR: a filter is `filter = udp(PORT, ...)`
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_xdp(filter = sctp(7))]
pub fn run(_ctx: &mut Xdp<'_>) -> XdpVerdict { XdpVerdict::Pass }
