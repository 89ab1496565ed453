// SPDX-License-Identifier: GPL-2.0-only
// One more than the kernel's INT_MAX, in arrays of arrays.
use rex::prelude::*;
use core::sync::atomic::AtomicU64;

#[rex_map]
static M: RexArray<[[AtomicU64; 1 << 14]; 1 << 14]> = RexArray::new(1, 0); //~ the value is too large for this kind of map

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    if M.get_ref(0).is_some() { XdpVerdict::Pass } else { XdpVerdict::Drop }
}
