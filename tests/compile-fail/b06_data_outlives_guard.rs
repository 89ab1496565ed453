//~ ERROR: temporary value dropped while borrowed
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
static LOCK: SpinLock<u64> = SpinLock::new(0);
pub fn f() { let data: &mut u64 = &mut LOCK.lock(); *data += 1; let again: &'static mut u64 = &mut LOCK.lock(); *again = 1; }
