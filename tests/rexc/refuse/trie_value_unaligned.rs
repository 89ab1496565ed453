// SPDX-License-Identifier: GPL-2.0-only
// The kernel puts the value right behind the 4 bytes of the address.
use rex::prelude::*;
use core::sync::atomic::Ordering::Relaxed;

#[rex_map]
static ROUTES: RexLpmTrie<[u8; 4], u64> = RexLpmTrie::new(16, 0);

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    if let Some(n) = ROUTES.atomic(ctx.scope(), [10, 0, 0, 1]) { //~ values behind addresses of this size are not aligned
        n.fetch_add(1, Relaxed);
    }
    XdpVerdict::Pass
}
