// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

macro_rules! constant {
    (. $t:ident) => {
        const ONE: $t = 1 as $t;
    };
}

constant!(. f64); //~ floating point (`f64`) is not available

fn used() {
    let _ = ONE;
}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
