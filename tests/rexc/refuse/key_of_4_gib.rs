// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[rex_map]
static M: RexHashMap<[u8; (1 << 32) + 4], u64> = RexHashMap::new(16, 0); //~ a key has at most 512 bytes

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    XdpVerdict::Pass
}
