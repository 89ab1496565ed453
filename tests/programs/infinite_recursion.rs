// SPDX-License-Identifier: GPL-2.0-only
//! Calls itself until the stack is used up.
#![no_std]
use core::hint::black_box;
use rex::prelude::*;

#[inline(never)]
#[allow(unconditional_recursion)]
fn down(depth: u64, frame: &[u8]) -> u64 {
    let mut local = [0u64; 16];
    local[(depth % 16) as usize] = depth;
    black_box(&mut local);
    // Opaque results keep the compiler from making it a loop.
    let below = black_box(down(depth + 1, frame));
    below.rotate_left(1) ^ black_box(&local)[3]
}

#[rex_xdp]
pub fn infinite_recursion(ctx: &mut Xdp<'_>) -> XdpVerdict {
    if down(0, ctx.data()) == 1 { XdpVerdict::Drop } else { XdpVerdict::Pass }
}
