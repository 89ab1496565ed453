//~ ERROR: no method named `get`
// SPDX-License-Identifier: GPL-2.0-only
use rex::map::RexRingBuf;
use rex::prelude::*;
#[rex_map]
static M: RexRingBuf = RexRingBuf::new(4096, 0);
pub fn f() { let _ = M.get(0); }
