// SPDX-License-Identifier: GPL-2.0-only
//! A patch panel: what comes in by one interface goes out by another.
#![no_std]

use rex::prelude::*;

/// From the index of the interface that a frame comes in by to that of the one it goes out by.
#[rex_map]
static PATCH: RexDevMapHash = RexDevMapHash::new(64, 0);
/// Frames passed on to the stack, and frames redirected.
#[rex_map]
static FRAMES: RexPerCpuArray<u64> = RexPerCpuArray::new(2, 0);

#[rex_xdp]
pub fn patch(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let verdict = PATCH.redirect_or(ctx, ctx.ifindex(), XdpVerdict::Pass);
    FRAMES.add(u32::from(verdict != XdpVerdict::Pass), 1);
    verdict
}
