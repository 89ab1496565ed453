//~ ERROR: is none
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_map]
static M: core::sync::atomic::AtomicU64 = core::sync::atomic::AtomicU64::new(0);
