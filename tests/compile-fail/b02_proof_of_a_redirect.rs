//~ ERROR: is not plain data
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[derive(Clone, Copy, Pod)]
#[repr(transparent)]
pub struct V(XdpVerdict);
