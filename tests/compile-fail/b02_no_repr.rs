//~ ERROR: add #[repr(C)]
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[derive(Clone, Copy, Pod)]
pub struct V { a: u32 }
