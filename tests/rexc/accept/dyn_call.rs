// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

trait Shape {
    fn area(&self, x: u32) -> u32;
}

struct Square;
struct Line(u32);

impl Shape for Square {
    #[inline(never)]
    fn area(&self, x: u32) -> u32 {
        x.wrapping_mul(x)
    }
}

impl Shape for Line {
    #[inline(never)]
    fn area(&self, x: u32) -> u32 {
        x ^ self.0
    }
}

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let shapes: [&dyn Shape; 2] = [&Square, &Line(3)];
    let which = ctx.data().len() & 1;
    if core::hint::black_box(shapes)[which].area(9) == 7 {
        return XdpVerdict::Drop;
    }
    XdpVerdict::Pass
}
