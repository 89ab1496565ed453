//~ ERROR: structs only
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[derive(Clone, Copy, Pod)]
#[repr(u8)]
pub enum V { A = 0, B = 1 }
