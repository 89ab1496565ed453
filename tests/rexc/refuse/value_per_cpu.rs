// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[rex_map]
static M: RexPerCpuArray<SharedBytes<{ (32 << 10) + 1 }>> = RexPerCpuArray::new(1, 0); //~ the value is too large for this kind of map

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    if M.get_ref(0).is_some() { XdpVerdict::Pass } else { XdpVerdict::Drop }
}
