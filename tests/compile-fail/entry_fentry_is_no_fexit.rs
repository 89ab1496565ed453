//~ ERROR: mismatched types
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_fentry]
pub fn run(_ctx: &Fexit<'_>) -> rex::Result { Ok(0) }
