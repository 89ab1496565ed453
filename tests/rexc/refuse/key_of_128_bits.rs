// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[rex_map]
static M: RexHashMap<u128, u64> = RexHashMap::new(8, 0); //~ aligned to more than 8 bytes

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    if M.get(&u128::from(ctx.len())).is_some() { XdpVerdict::Drop } else { XdpVerdict::Pass }
}
