//~ ERROR: cannot be known at compilation time
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
pub fn swap(a: &mut PtRegs, b: &mut PtRegs) { core::mem::swap(a, b) }
