//~ ERROR: cannot live in a map
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_map]
static M: RexHashMap<u32, rex::task::Task> = RexHashMap::new(1, 0);
