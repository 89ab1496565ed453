//~ ERROR: explicit lifetime required in the type of `ctx`
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
fn keep<'a>(ctx: &mut Stream<'a, u64>) -> &'a mut u64 { ctx.record() }
#[rex_stream]
pub fn run(ctx: &mut Stream<'_, u64>) -> StreamVerdict { *keep(ctx) += 1; StreamVerdict::Pass }
