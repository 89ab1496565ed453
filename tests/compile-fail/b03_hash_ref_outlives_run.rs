//~ ERROR: lifetime may not live long enough
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
use core::sync::atomic::AtomicU64;
#[rex_map]
static M: RexHashMap<u32, AtomicU64> = RexHashMap::new(1, 0);
#[rex_xdp]
pub fn run(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let kept: Option<&'static AtomicU64> = M.get_ref(ctx.scope(), &1);
    if kept.is_none() { XdpVerdict::Drop } else { XdpVerdict::Pass }
}
