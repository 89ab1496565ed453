//~ ERROR: borrow of moved value
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_map]
static M: RexRingBuf = RexRingBuf::new(4096, 0);
pub fn f() -> u64 { let Some(record) = M.reserve::<u64>() else { return 0 }; record.submit(); *record }
