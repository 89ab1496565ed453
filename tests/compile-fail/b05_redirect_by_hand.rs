//~ ERROR: private
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
pub fn f() -> XdpVerdict { XdpVerdict::Redirect(rex::xdp::Redirected(())) }
