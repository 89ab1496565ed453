//~ ERROR: mismatched types
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_map]
static M: RexHashMap<u64, u8> = RexHashMap::new(1, 0);
pub fn f() { let _ = M.set(&1, [0u8; 64]); }
