//~ ERROR: no bytes
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_map]
static M: RexArray<[u8; 0]> = RexArray::new(1, 0);
