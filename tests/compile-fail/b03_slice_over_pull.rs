//~ ERROR: cannot borrow `*ctx` as mutable
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
pub fn f(ctx: &mut Tc<'_>) -> u8 { let data = ctx.data(); let _ = ctx.pull(100); data[0] }
