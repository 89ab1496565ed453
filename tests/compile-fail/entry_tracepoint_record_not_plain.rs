//~ ERROR: is not the record of a tracepoint
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
pub struct Record { _common: [u8; 8], _preempt: bool }
#[rex_tracepoint]
pub fn run(_obj: &Tracepoint, _ctx: &Record) -> rex::Result { Ok(0) }
