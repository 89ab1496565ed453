//~ ERROR: cannot borrow `*ctx` as mutable more than once at a time
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_stream]
pub fn run(ctx: &mut Stream<'_, u64>) -> StreamVerdict {
    let (_event, record) = ctx.split();
    *ctx.record() = 1;
    *record = 2;
    StreamVerdict::Pass
}
