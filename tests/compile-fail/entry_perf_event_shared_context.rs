//~ ERROR: exactly one parameter
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_perf_event]
pub fn run(_obj: &PerfEvent, _ctx: &PtRegs) -> rex::Result { Ok(0) }
