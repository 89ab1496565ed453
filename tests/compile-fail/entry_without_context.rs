//~ ERROR: exactly one parameter
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[rex_xdp]
pub fn run() -> XdpVerdict { XdpVerdict::Pass }
