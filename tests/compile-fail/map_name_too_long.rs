//~ ERROR: at most 15 ASCII characters
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_map]
static SIXTEEN_LETTERS_: RexArray<u64> = RexArray::new(1, 0);
