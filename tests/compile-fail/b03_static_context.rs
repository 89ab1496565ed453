//~ ERROR: must outlive `'static`
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_xdp]
pub fn run(_ctx: &mut Xdp<'static>) -> XdpVerdict { XdpVerdict::Pass }
