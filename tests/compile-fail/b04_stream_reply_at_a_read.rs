//~ ERROR: no method named `reply` found for struct `rex::stream::Read<'a>`
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_stream]
pub fn run(ctx: &mut Stream<'_>) -> StreamVerdict {
    if let StreamEvent::Read(mut read) = ctx.event() {
        let _ = read.reply(b"a");
    }
    StreamVerdict::Pass
}
