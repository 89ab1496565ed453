//~ ERROR: cannot move out of `r` because it is borrowed
// SPDX-License-Identifier: GPL-2.0-only
use rex::map::RexRingBuf;
use rex::prelude::*;
#[rex_map]
static M: RexRingBuf = RexRingBuf::new(4096, 0);
pub fn f() -> Option<u8> { let r = M.reserve_bytes(8)?; let kept = &r[..]; r.submit(); Some(kept[0]) }
