//~ ERROR: mismatched types
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_kprobe]
pub fn run(_obj: &Kprobe, _ctx: &mut PtRegs) -> XdpVerdict { XdpVerdict::Pass }
