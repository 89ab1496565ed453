// SPDX-License-Identifier: GPL-2.0-only
// The kernel puts modules at multiples of a page: an address within would be put together wrong.
use rex::prelude::*;

#[derive(Clone, Copy, Pod)]
#[repr(C, align(65536))]
struct Aligned([u8; 65536]);

static A: SpinLock<Aligned> = SpinLock::new(Aligned([0; 65536])); //~ is aligned to 65536 bytes

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    A.lock().0[ctx.data().len()] = 1;
    XdpVerdict::Pass
}
