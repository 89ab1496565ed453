//~ ERROR: cannot live in a map
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
pub static S: SpinLock<&'static [u8]> = SpinLock::new(&[]);
