//~ ERROR: cannot move out of static item
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
static LOCK: SpinLock<u64> = SpinLock::new(0);
pub fn f() { let copy = LOCK; core::hint::black_box(&copy); }
