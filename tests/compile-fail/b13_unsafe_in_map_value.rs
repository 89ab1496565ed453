//~ ERROR: usage of an `unsafe` block
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_map]
static M: RexArray<u64> = RexArray::new(unsafe { 1 }, 0);
