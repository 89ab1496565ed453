//~ ERROR: the record is borrowed, as `&RECORD`
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_tracepoint]
pub fn run(_obj: &Tracepoint, _ctx: &mut SyscallExit) -> rex::Result { Ok(0) }
