// SPDX-License-Identifier: GPL-2.0-only
//! Does nothing: what a Rex program costs at least.
#![no_std]

use rex::prelude::*;

#[rex_xdp]
pub fn empty(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    XdpVerdict::Pass
}
