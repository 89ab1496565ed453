//~ ERROR: the arguments that the attribute takes are `frags`, `filter`
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_xdp(fragments)]
pub fn run(_ctx: &mut Xdp<'_>) -> XdpVerdict { XdpVerdict::Pass }
