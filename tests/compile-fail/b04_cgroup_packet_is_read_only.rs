//~ ERROR: no method named `data_mut`
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
pub fn f(ctx: &mut CgroupSkb<'_>) { ctx.data_mut()[0] = 1; }
