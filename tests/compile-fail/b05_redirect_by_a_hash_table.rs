//~ ERROR: no method named `redirect`
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_map]
static M: RexHashMap<u32, u32> = RexHashMap::new(1, 0);
pub fn f(ctx: &Xdp<'_>) -> XdpVerdict { M.redirect(ctx, 0) }
