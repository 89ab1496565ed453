// SPDX-License-Identifier: GPL-2.0-only
//! Recursion as deep as user space asks for. rexc cannot know how deep that is, so it checks the
//! stack at each call: too deep is a stack overflow, which ends the program and not the kernel.
#![no_std]

use core::hint::black_box;
use rex::prelude::*;

/// How deep to go; set by user space.
#[rex_map]
static DEPTH: RexArray<u32> = RexArray::new(1, 0);
/// How deep the last packet went.
#[rex_map]
static REACHED: RexArray<u32> = RexArray::new(1, 0);

fn descend(left: u32) -> u32 {
    // black_box: or the compiler makes a loop of it.
    if left == 0 { 0 } else { black_box(descend(black_box(left - 1))) + 1 }
}

#[rex_xdp]
pub fn recurse(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    REACHED.set(0, 0);
    let reached = descend(DEPTH.get(0).unwrap_or(0));
    REACHED.set(0, reached);
    XdpVerdict::Pass
}
