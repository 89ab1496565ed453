// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let _ = ctx;
    XdpVerdict::Pass
}
/* never ends //~ a comment or string that never ends
