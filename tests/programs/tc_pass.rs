// SPDX-License-Identifier: GPL-2.0-only
//! Counts packets at a tc hook and lets them pass.
#![no_std]
use rex::prelude::*;

/// Element 0: packets, 1: bytes.
#[rex_map]
static SEEN: RexPerCpuArray<u64> = RexPerCpuArray::new(2, 0);

#[rex_tc]
pub fn tc_pass(ctx: &mut Tc<'_>) -> TcVerdict {
    SEEN.add(0, 1);
    SEEN.add(1, u64::from(ctx.len()));
    TcVerdict::Ok
}
