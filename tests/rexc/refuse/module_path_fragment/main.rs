// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

macro_rules! module {
    ($name:ident $file:literal) => {
        #[$name = $file]
        mod inner;
    };
}

module!(path "inner.txt");

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    inner::used();
    XdpVerdict::Pass
}
