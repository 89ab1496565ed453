//~ ERROR: method `atomic` exists
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_map]
static M: RexArray<[u8; 8]> = RexArray::new(1, 0);
pub fn f() -> bool { M.atomic(0).is_some() }
