//~ ERROR: `&[u8]` is not plain data
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub struct Record { bytes: &'static [u8] }
#[rex_stream]
pub fn run(_ctx: &mut Stream<'_, Record>) -> StreamVerdict { StreamVerdict::Pass }
