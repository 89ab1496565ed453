//~ ERROR: no method named `push` found
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_map]
static M: RexHashMap<u32, u64> = RexHashMap::new(1, 0);
pub fn f() { let _ = M.push(1); }
