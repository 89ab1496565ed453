//~ ERROR: the function must not be generic
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_raw_tracepoint]
pub fn run<'a>(_ctx: &RawTracepoint<'a>) -> rex::Result { Ok(0) }
