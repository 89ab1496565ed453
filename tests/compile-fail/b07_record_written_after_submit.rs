//~ ERROR: borrow of moved value
// SPDX-License-Identifier: GPL-2.0-only
use rex::map::RexRingBuf;
use rex::prelude::*;
#[rex_map]
static M: RexRingBuf = RexRingBuf::new(4096, 0);
pub fn f() -> Option<()> { let mut r = M.reserve::<u64>()?; r.submit(); *r = 1; Some(()) }
