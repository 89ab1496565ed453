//~ ERROR: mismatched types
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_map]
static M: RexDevMap = RexDevMap::new(1, 0);
#[rex_tc]
pub fn f(ctx: &mut Tc<'_>) -> TcVerdict { let _ = M.redirect(ctx, 0); TcVerdict::Ok }
