//~ ERROR: the struct has padding
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[derive(Clone, Copy, Pod)]
#[repr(C, align(8))]
pub struct V(u32);
