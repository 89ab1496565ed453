//~ ERROR: field `data` of struct
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
static LOCK: SpinLock<u64> = SpinLock::new(0);
pub fn f() { core::hint::black_box(&LOCK.data); }
