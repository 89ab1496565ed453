//~ ERROR: mismatched types
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_stream]
pub fn run(_ctx: &mut Stream<'_>) -> rex::Result { Ok(2) }
