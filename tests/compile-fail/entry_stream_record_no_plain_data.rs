//~ ERROR: `Record` is not plain data
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
pub struct Record { _open: bool }
#[rex_stream]
pub fn run(_ctx: &mut Stream<'_, Record>) -> StreamVerdict { StreamVerdict::Pass }
