//~ ERROR: cannot be borrowed from a map
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[derive(SharedPod)]
#[repr(C)]
pub struct V { n: core::cell::Cell<u32> }
