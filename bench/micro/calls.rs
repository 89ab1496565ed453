// SPDX-License-Identifier: GPL-2.0-only
//! Call depth by recursion: f(n) = 3 * f(n - 1) + n, f(1) = 1, as in calls.bpf.c. Its own program,
//! because recursion makes rexc add the stack check to every function.
#![no_std]

use rex::prelude::*;

/// MICRO_FRAME of micro.h.
const FRAME: u32 = 64;

#[rex_map]
static SINK: RexArray<u64> = RexArray::new(1, 0);

#[inline(never)]
fn level(n: u32) -> u32 {
    if n <= 1 { n } else { level(n - 1).wrapping_mul(3).wrapping_add(n) }
}

#[rex_tc]
pub fn depth(ctx: &mut Tc<'_>) -> TcVerdict {
    let n = (ctx.data().len() as u32).wrapping_sub(FRAME);
    SINK.set(0, u64::from(level(n)));
    TcVerdict::Ok
}
