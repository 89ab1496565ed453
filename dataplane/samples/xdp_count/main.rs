// SPDX-License-Identifier: GPL-2.0-only
//! Counts packets and bytes by IP protocol.
#![no_std]

use rex::prelude::*;

/// Where packets that are not IP are counted; no IP protocol (255 is reserved).
const OTHER: u8 = 255;

#[rex_map]
static PACKETS: RexPerCpuArray<u64> = RexPerCpuArray::new(256, 0);
#[rex_map]
static BYTES: RexPerCpuArray<u64> = RexPerCpuArray::new(256, 0);

/// The protocol number in the IP header behind an Ethernet header.
fn protocol(frame: &[u8]) -> Option<u8> {
    let (ethernet, ip) = frame.split_first_chunk::<14>()?;
    match [ethernet[12], ethernet[13]] {
        [0x08, 0x00] => ip.get(9).copied(),
        [0x86, 0xdd] => ip.get(6).copied(),
        _ => None,
    }
}

#[rex_xdp]
pub fn count(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let frame = ctx.data();
    let index = u32::from(protocol(frame).unwrap_or(OTHER));
    PACKETS.add(index, 1);
    BYTES.add(index, frame.len() as u64);
    XdpVerdict::Pass
}
