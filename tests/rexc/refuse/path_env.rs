// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[path = env!("PWD")] //~ malformed `path` attribute
mod inner;

fn used() {}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
