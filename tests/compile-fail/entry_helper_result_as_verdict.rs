//~ ERROR: mismatched types
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_kprobe]
pub fn run(obj: &Kprobe, ctx: &mut PtRegs) -> rex::Result { obj.override_return(ctx, 0) }
