//~ ERROR: cannot borrow
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_perf_event]
pub fn run(ctx: &mut PerfEvent<'_>) -> rex::Result {
    let regs = ctx.regs();
    change(ctx);
    Ok(regs.ip() as i32)
}
fn change(_ctx: &mut PerfEvent<'_>) {}
