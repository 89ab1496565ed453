//~ ERROR: cannot assign to data in a `&` reference
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_stream]
pub fn run(ctx: &mut Stream<'_>) -> StreamVerdict {
    if let StreamEvent::Read(read) = ctx.event() {
        read.bytes()[0] = 0;
    }
    StreamVerdict::Pass
}
