//~ ERROR: cannot be derived for a generic struct
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub struct V<T>(T);
