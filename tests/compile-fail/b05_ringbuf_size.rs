//~ ERROR: a power of two
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_map]
static M: RexRingBuf = RexRingBuf::new(5000, 0);
