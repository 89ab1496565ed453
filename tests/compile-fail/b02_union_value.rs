//~ ERROR: structs only
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub union V { a: u32, b: u32 }
