//~ ERROR: `RexQueue<u64>: Lookup` is not satisfied
// SPDX-License-Identifier: GPL-2.0-only
use rex::map::RexQueue;
use rex::prelude::*;
#[rex_map]
static M: RexQueue<u64> = RexQueue::new(1, 0);
pub fn f(obj: &Kprobe<'_>) { let _ = obj.bpf_map_lookup_elem(&M, &0); }
