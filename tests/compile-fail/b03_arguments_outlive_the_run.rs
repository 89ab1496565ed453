//~ ERROR: lifetime may not live long enough
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
pub fn keep(ctx: &Fentry<'_>) -> &'static [u64] { ctx.args() }
