//~ ERROR: cannot assign to
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_map]
static M: RexArray<core::sync::atomic::AtomicU64> = RexArray::new(1, 0);
pub fn f() { *M.get_ref(0).unwrap() = core::sync::atomic::AtomicU64::new(1); }
