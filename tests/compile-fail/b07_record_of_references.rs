//~ ERROR: is not plain data
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_map]
static M: RexRingBuf = RexRingBuf::new(4096, 0);
pub fn f() { if let Some(record) = M.reserve::<&u64>() { record.submit(); } }
