//~ ERROR: the struct has padding
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub struct V { a: u32, b: u8 }
#[rex_map]
static M: RexArray<[V; 4]> = RexArray::new(1, 0);
