//~ ERROR: cannot move out of static item
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_map]
static M: RexArray<u64> = RexArray::new(1, 0);
pub fn f() -> RexArray<u64> { M }
