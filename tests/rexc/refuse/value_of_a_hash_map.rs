// SPDX-License-Identifier: GPL-2.0-only
// The kernel has no hash table of such values; cut to 32 bits, they would have 4 bytes.
use rex::prelude::*;

#[derive(SharedPod)]
#[repr(C)]
struct Wide {
    a: SharedBytes<{ 1 << 32 }>,
    b: SharedBytes<4>,
}

#[rex_map]
static M: RexHashMap<u32, Wide> = RexHashMap::new(16, 0); //~ the value is too large for this kind of map

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    if M.get_ref(ctx.scope(), &1).is_some() { XdpVerdict::Pass } else { XdpVerdict::Drop }
}
