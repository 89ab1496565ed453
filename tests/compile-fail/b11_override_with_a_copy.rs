//~ ERROR: cannot borrow data in dereference of `SavedRegs` as mutable
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_kprobe]
pub fn run(obj: &Kprobe, ctx: &mut PtRegs) -> rex::Result {
    Ok(obj.bpf_override_return(&mut ctx.save(), 1))
}
