//~ ERROR: cannot live in a map
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
use rex::sync::SpinLockGuard;
static A: SpinLock<u64> = SpinLock::new(0);
static B: SpinLock<Option<SpinLockGuard<u64>>> = SpinLock::new(None);
pub fn f() { *B.lock() = Some(A.lock()); }
