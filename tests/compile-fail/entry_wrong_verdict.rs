//~ ERROR: mismatched types
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_xdp]
pub fn run(_ctx: &mut Xdp<'_>) -> TcVerdict { TcVerdict::Ok }
