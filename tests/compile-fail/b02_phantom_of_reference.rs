//~ ERROR: is not plain data
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
use core::marker::PhantomData;
#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub struct V(u64, PhantomData<&'static u64>);
