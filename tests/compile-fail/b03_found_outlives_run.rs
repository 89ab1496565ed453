//~ ERROR: lifetime may not live long enough
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
use rex::map::{Found, Lookup};
#[rex_map]
static M: RexHashMap<u32, u64> = RexHashMap::new(1, 0);
#[rex_xdp]
pub fn run(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let kept: Found<'static, u64> = M.find(ctx.scope(), &1);
    if kept.is_none() { XdpVerdict::Drop } else { XdpVerdict::Pass }
}
