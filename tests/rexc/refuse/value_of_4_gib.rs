// SPDX-License-Identifier: GPL-2.0-only
// Cut to 32 bits, the size would be 8: a map of 8 bytes behind a reference to 4 GiB.
use rex::prelude::*;

#[rex_map]
static M: RexArray<SharedBytes<{ (1 << 32) + 8 }>> = RexArray::new(1, 0); //~ the value is too large for this kind of map

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    if let Some(v) = M.get_ref(0) {
        let _ = v.copy_from(1 << 30, &[0x41; 64]);
    }
    XdpVerdict::Pass
}
