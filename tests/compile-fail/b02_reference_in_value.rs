//~ ERROR: cannot live in a map
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_map]
static M: RexArray<&'static str> = RexArray::new(1, 0);
