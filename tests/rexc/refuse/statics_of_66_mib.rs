// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

static A: SpinLock<[u8; 32 << 20]> = SpinLock::new([0; 32 << 20]);
static B: SpinLock<[u8; 34 << 20]> = SpinLock::new([0; 34 << 20]); //~ the largest of the program's statics

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let n = ctx.data().len();
    A.lock()[n] = B.lock()[n];
    XdpVerdict::Pass
}
