//~ ERROR: the trait bound `u32: Address` is not satisfied
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_map]
static M: RexLpmTrie<u32, u64> = RexLpmTrie::new(1, 0);
