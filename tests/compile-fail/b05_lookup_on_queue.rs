//~ ERROR: no method named `get` found
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_map]
static M: RexQueue<u64> = RexQueue::new(1, 0);
pub fn f() -> bool { M.get(0).is_some() }
