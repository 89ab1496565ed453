//~ ERROR: mismatched types
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_cgroup_skb]
pub fn run(_ctx: &mut CgroupSkb<'_>) -> rex::Result { Ok(1) }
