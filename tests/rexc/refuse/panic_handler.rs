// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

#[panic_handler]
fn mine(_: &core::panic::PanicInfo<'_>) -> ! { //~ found duplicate lang item `panic_impl`
    loop {}
}

fn used() {}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
