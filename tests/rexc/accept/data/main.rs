// SPDX-License-Identifier: GPL-2.0-only
//! Data may hold any word.
use rex::prelude::*;

static NOTE: &[u8] = include_bytes!("read me.md");

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    if ctx.data().first() == NOTE.last() {
        return XdpVerdict::Drop;
    }
    XdpVerdict::Pass
}
