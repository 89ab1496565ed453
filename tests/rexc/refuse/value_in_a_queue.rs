// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[rex_map]
static M: RexQueue<[u64; (1 << 29) + 1]> = RexQueue::new(1, 0); //~ the value is too large for this kind of map

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    if M.pop().is_ok() { XdpVerdict::Pass } else { XdpVerdict::Drop }
}
