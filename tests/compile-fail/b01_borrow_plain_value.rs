//~ ERROR: method `get_ref` exists
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_map]
static M: RexArray<u64> = RexArray::new(1, 0);
pub fn f() -> Option<&'static u64> { M.get_ref(0) }
