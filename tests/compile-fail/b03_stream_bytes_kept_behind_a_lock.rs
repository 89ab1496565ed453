//~ ERROR: cannot live in a map
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
static KEPT: SpinLock<&'static [u8]> = SpinLock::new(b"");
#[rex_stream]
pub fn run(ctx: &mut Stream<'_>) -> StreamVerdict {
    if let StreamEvent::Wrote(wrote) = ctx.event() {
        *KEPT.lock() = wrote.bytes();
    }
    StreamVerdict::Pass
}
