//~ ERROR: no method named `push`
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_map]
static M: RexArray<u64> = RexArray::new(1, 0);
pub fn f() { let _ = M.push(1); }
