//~ ERROR: is not plain data
// SPDX-License-Identifier: GPL-2.0-only
use rex::map::RexRingBuf;
use rex::prelude::*;
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Event { kind: u8, number: u64 }
#[rex_map]
static M: RexRingBuf = RexRingBuf::new(4096, 0);
pub fn f() { let _ = M.output(&Event { kind: 1, number: 2 }); }
