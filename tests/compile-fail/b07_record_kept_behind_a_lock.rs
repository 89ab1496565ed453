//~ ERROR: cannot live in a map
// SPDX-License-Identifier: GPL-2.0-only
use rex::map::Record;
use rex::prelude::*;
pub static R: SpinLock<Option<Record<u64>>> = SpinLock::new(None);
