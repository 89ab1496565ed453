//~ ERROR: cannot borrow `*ctx` as mutable
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
use rex::tc::Direction;
pub fn f(ctx: &mut Tc<'_>) -> u8 { let data = ctx.data(); let _ = ctx.clone_redirect(1, Direction::Egress); data[0] }
