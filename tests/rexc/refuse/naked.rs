// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[unsafe(naked)] //~ attribute `unsafe(naked)` is not allowed
extern "C" fn f() -> i32 {
    core::arch::naked_asm!("ret")
}

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    if f() == 0 {
        return XdpVerdict::Drop;
    }
    let _ = ctx;
    XdpVerdict::Pass
}
