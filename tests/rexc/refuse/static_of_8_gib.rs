// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

static L: SpinLock<[u8; 1 << 33]> = SpinLock::new([0; 1 << 33]); //~ tried to allocate more memory than available

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    L.lock()[1 << 32] = 1;
    XdpVerdict::Pass
}
