//~ ERROR: arguments to this function are incorrect
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_kprobe]
pub fn run(_ctx: &mut PtRegs, _obj: &Kprobe) -> rex::Result { Ok(0) }
