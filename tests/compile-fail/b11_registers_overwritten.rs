//~ ERROR: cannot be known at compilation time
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
pub fn overwrite(a: &mut PtRegs, b: &PtRegs) { *a = *b; }
