//~ ERROR: cannot be shared between threads safely
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
use rex::sync::SpinLockGuard;
pub static G: core::cell::Cell<Option<SpinLockGuard<u64>>> = core::cell::Cell::new(None);
