// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[inline(never)]
fn down(n: usize, packet: &[u8]) -> u64 { //~ 8192 are available
    let mut seen = [0u64; 1200];
    seen[n % 1200] = n as u64;
    core::hint::black_box(&mut seen);
    if n > packet.len() { seen[3] } else { down(n + 1, packet) ^ seen[7] }
}

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    if down(0, ctx.data()) == 1 {
        return XdpVerdict::Drop;
    }
    XdpVerdict::Pass
}
