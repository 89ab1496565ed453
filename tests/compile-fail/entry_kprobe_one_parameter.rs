//~ ERROR: exactly two parameters
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_kprobe]
pub fn run(_ctx: &mut PtRegs) -> rex::Result { Ok(0) }
