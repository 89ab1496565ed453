//~ ERROR: `(Never,)` is not plain data
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[derive(Clone, Copy)]
pub enum Never {}
#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub struct V(u64, pub (Never,));
