//~ ERROR: the attribute takes no arguments
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_kprobe(filter = udp)]
pub fn run(_obj: &Kprobe, _ctx: &mut PtRegs) -> rex::Result { Ok(0) }
