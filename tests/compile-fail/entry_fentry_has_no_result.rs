//~ ERROR: no method named `ret` found
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_fentry]
pub fn run(ctx: &Fentry<'_>) -> rex::Result { Ok(ctx.ret() as i32) }
