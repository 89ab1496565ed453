//~ ERROR: the struct has padding
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub struct V { a: u64, b: u8 }
