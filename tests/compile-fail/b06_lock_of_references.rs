//~ ERROR: cannot live in a map
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
static LOCK: SpinLock<Option<&'static str>> = SpinLock::new(None);
