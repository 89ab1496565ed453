//~ ERROR: `bool` is not plain data
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
pub struct Num<const N: usize>;
pub trait Is { type It; }
impl<const N: usize> Is for Num<N> { type It = u64; }
#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub struct V(<Num<{ (1 < 2) as usize }> as Is>::It, pub bool);
