//~ ERROR: a tracepoint's record has at most 8192 bytes
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_tracepoint]
pub fn run(_obj: &Tracepoint, _ctx: &[u64; 1025]) -> rex::Result { Ok(0) }
