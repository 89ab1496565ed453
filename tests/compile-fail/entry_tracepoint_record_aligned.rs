//~ ERROR: a tracepoint's record is aligned to 8 bytes
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_tracepoint]
pub fn run(_obj: &Tracepoint, _ctx: &u128) -> rex::Result { Ok(0) }
