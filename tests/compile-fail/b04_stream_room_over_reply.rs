//~ ERROR: cannot borrow `ready` as mutable more than once at a time
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_stream]
pub fn run(ctx: &mut Stream<'_>) -> StreamVerdict {
    let StreamEvent::Ready(mut ready) = ctx.event() else { return StreamVerdict::Pass };
    let room = ready.room();
    let _ = ready.reply(b"a");
    room.fill(0);
    ready.answer()
}
