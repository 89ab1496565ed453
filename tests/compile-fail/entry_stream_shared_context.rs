//~ ERROR: the context is borrowed, as `&mut Stream<'_, RECORD>`
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_stream]
pub fn run(_ctx: &Stream<'_>) -> StreamVerdict { StreamVerdict::Pass }
