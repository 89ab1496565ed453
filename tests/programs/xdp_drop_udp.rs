// SPDX-License-Identifier: GPL-2.0-only
//! Drops UDP over IPv4, lets everything else pass.
#![no_std]
use rex::prelude::*;

/// Element 0: packets dropped, 1: passed.
#[rex_map]
static VERDICTS: RexPerCpuArray<u64> = RexPerCpuArray::new(2, 0);

fn is_udp(frame: &[u8]) -> bool {
    matches!(frame, [_, _, _, _, _, _, _, _, _, _, _, _, 0x08, 0x00, ip @ ..] if ip.get(9) == Some(&17))
}

#[rex_xdp]
pub fn xdp_drop_udp(ctx: &mut Xdp<'_>) -> XdpVerdict {
    if is_udp(ctx.data()) {
        VERDICTS.add(0, 1);
        return XdpVerdict::Drop;
    }
    VERDICTS.add(1, 1);
    XdpVerdict::Pass
}
