//~ ERROR: cannot be sent between threads safely
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
static KEPT: SpinLock<Option<rex::map::Record<u64>>> = SpinLock::new(None);
