//~ ERROR: no method named `clone`
// SPDX-License-Identifier: GPL-2.0-only
use rex::map::RexRingBuf;
use rex::prelude::*;
#[rex_map]
static M: RexRingBuf = RexRingBuf::new(4096, 0);
pub fn f() -> Option<()> { let r = M.reserve_bytes(8)?; let s = r.clone(); r.submit(); s.submit(); Some(()) }
