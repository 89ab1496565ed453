//~ ERROR: lifetime may not live long enough
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_xdp]
pub fn run(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let data: &'static [u8] = ctx.data();
    if data.is_empty() { XdpVerdict::Drop } else { XdpVerdict::Pass }
}
