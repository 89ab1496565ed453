//~ ERROR: a socket's record is aligned to 8 bytes
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_stream]
pub fn run(_ctx: &mut Stream<'_, u128>) -> StreamVerdict { StreamVerdict::Pass }
