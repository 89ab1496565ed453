//~ ERROR: cannot borrow `*ctx` as mutable
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_xdp]
pub fn run(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let data = ctx.data();
    let _ = ctx.adjust_tail(-4);
    if data[0] == 0 { XdpVerdict::Drop } else { XdpVerdict::Pass }
}
