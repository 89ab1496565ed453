//~ ERROR: unsafe
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[unsafe(link_section = ".rex.maps")]
static M: RexArray<u64> = RexArray::new(1, 0);
