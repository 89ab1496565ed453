// SPDX-License-Identifier: GPL-2.0-only
use ::rex::prelude::*;

// The output of the macros names nothing that a program can give another meaning.
#[allow(dead_code, non_camel_case_types)]
mod names {
    pub struct u8;
    pub struct u32;
    pub struct u64;
    pub struct usize;
    pub struct str;
    pub struct bool;
    pub struct Sized;
    pub struct Option;
    pub struct Result;
    pub fn size_of<T>() -> u8 {
        u8
    }
}
use names::*;

mod core {
    pub mod mem {}
}

mod rex {
    pub mod pod {}
    pub mod __private {}
}

#[allow(unused_macros)]
macro_rules! assert {
    ($($any:tt)*) => {};
}

#[allow(unused)]
trait Everything {
    const SIZE: u8 = u8;
    fn xdp(self);
    fn new(&self);
    fn run(&self);
}
impl<T> Everything for T {
    fn xdp(self) {}
    fn new(&self) {}
    fn run(&self) {}
}

#[derive(Clone, Copy, Pod)]
#[repr(C)]
struct Pair {
    value: ::core::primitive::u64,
    size_of: ::core::primitive::u64,
}

#[rex_map]
static PAIRS: RexArray<Pair> = RexArray::<Pair>::new(1, 0);

#[rex_map]
static M: RexHashMap<::core::primitive::u32, Pair> = RexHashMap::<_, Pair>::new(1, 0);

#[rex_xdp]
pub fn ctx(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let _ = (PAIRS.get(0), M.get(&ctx.len()));
    XdpVerdict::Pass
}
