//~ ERROR: cannot initialize a tuple struct which contains private fields
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
use rex::stream::Answered;
#[rex_stream]
pub fn run(_ctx: &mut Stream<'_>) -> StreamVerdict { StreamVerdict::Answer(Answered(())) }
