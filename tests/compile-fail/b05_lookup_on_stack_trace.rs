//~ ERROR: RexStackTrace<16>: Lookup` is not satisfied
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_map]
static M: RexStackTrace<16> = RexStackTrace::new(16, 0);
#[rex_kprobe]
pub fn f(obj: &Kprobe, _ctx: &mut PtRegs) -> rex::Result { Ok(obj.bpf_map_lookup_elem(&M, &0u32).is_some().into()) }
