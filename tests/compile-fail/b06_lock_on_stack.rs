//~ ERROR: does not live long enough
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
pub fn f() { let lock = SpinLock::new(0u64); *lock.lock() += 1; }
