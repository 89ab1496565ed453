//~ ERROR: cannot live in a map
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
pub static T: SpinLock<Option<rex::task::Task>> = SpinLock::new(None);
