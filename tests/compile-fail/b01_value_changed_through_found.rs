//~ ERROR: cannot be dereferenced
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
use rex::map::Lookup;
#[rex_map]
static M: RexHashMap<u32, u64> = RexHashMap::new(1, 0);
pub fn f(ctx: &Xdp<'_>) { *M.find(ctx.scope(), &1) += 1; }
