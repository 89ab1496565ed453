//~ ERROR: a socket's record has at most 4096 bytes
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_stream]
pub fn run(_ctx: &mut Stream<'_, [u64; 513]>) -> StreamVerdict { StreamVerdict::Pass }
