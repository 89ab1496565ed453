//~ ERROR: lifetime may not live long enough
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
fn keep(ctx: &mut Stream<'_>) -> &'static [u8] {
    match ctx.event() {
        StreamEvent::Read(read) => read.bytes(),
        _ => b"",
    }
}
#[rex_stream]
pub fn run(ctx: &mut Stream<'_>) -> StreamVerdict { keep(ctx); StreamVerdict::Pass }
