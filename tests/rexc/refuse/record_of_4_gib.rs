// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[rex_map]
static R: RexRingBuf = RexRingBuf::new(4096, 0);

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    match R.reserve::<[u8; (1 << 32) + 8]>() { //~ a record has at most 1 GiB - 1
        Some(record) => record.submit(),
        None => return XdpVerdict::Drop,
    }
    XdpVerdict::Pass
}
