// SPDX-License-Identifier: GPL-2.0-only
use ::real::prelude::*;

extern crate self as rex; //~ `extern crate` in a program
use rex as real;

pub mod __private {
    pub const fn pod_field<S, T>(_: fn(S) -> T) -> usize {
        size_of::<T>()
    }
    pub use ::real::__private::{EntryDef, XdpEntry};
}
pub mod pod {
    pub use ::real::pod::{AnyBits, Pod};
}
pub mod xdp {
    pub use ::real::xdp::*;
}

/// A reference, that any bytes could become.
#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub struct Address {
    at: &'static u64,
}

fn used() -> u64 {
    SharedBytes::<8>::new().load::<Address>(0).map_or(0, |address| *address.at)
}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
