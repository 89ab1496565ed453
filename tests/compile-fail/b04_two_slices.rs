//~ ERROR: cannot borrow `*ctx` as mutable more than once
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
pub fn f(ctx: &mut Xdp<'_>) { let (a, b) = (ctx.data_mut(), ctx.data_mut()); a[0] = b[0]; }
