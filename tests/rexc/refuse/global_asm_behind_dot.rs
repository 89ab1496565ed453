// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

macro_rules! assemble {
    (. $what:ident $text:literal) => {
        core::arch::$what!($text); //~ `global_asm!` is not allowed
    };
}

assemble!(.global_asm "hlt");

fn used() {}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
