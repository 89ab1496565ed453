//~ ERROR: no method named `reserve`
// SPDX-License-Identifier: GPL-2.0-only
use rex::map::RexPerfEventArray;
use rex::prelude::*;
#[rex_map]
static M: RexPerfEventArray = RexPerfEventArray::new(1, 0);
pub fn f() { let _ = M.reserve::<u64>(); }
