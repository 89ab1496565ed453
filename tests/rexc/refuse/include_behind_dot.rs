// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

macro_rules! bring {
    (. $what:ident) => {
        core::$what!("other.txt"); //~ `include!` is not allowed
    };
}

bring!(.include);

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
