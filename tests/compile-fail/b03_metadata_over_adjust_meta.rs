//~ ERROR: cannot borrow `*ctx` as mutable
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
pub fn f(ctx: &mut Xdp<'_>) -> usize { let meta = ctx.meta(); let _ = ctx.adjust_meta(-8); meta.len() }
