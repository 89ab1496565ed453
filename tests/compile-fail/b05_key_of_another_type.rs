//~ ERROR: mismatched types
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_map]
static M: RexHashMap<u64, u64> = RexHashMap::new(1, 0);
pub fn f() -> Option<u64> { let key = 1u8; M.get(&key) }
