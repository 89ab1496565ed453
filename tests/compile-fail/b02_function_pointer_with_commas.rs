//~ ERROR: `fn(u8, u8) -> u8` is not plain data
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub struct V(u64, fn(u8, u8) -> u8);
