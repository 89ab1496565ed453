//~ ERROR: aligned to more than 8 bytes
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_map]
static M: RexHashMap<u32, [u128; 2]> = RexHashMap::new(1, 0);
