//~ ERROR: mismatched types
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
pub fn run(obj: &Kprobe, ctx: &PerfEvent<'_>) -> i32 { obj.bpf_override_return(ctx.regs(), 1) }
