// SPDX-License-Identifier: GPL-2.0-only
//! All parsers of the crate, in a program that must come out without a way to panic.
#![no_std]
use rex::prelude::*;

#[path = "../../dataplane/rex/tests/parse.rs"]
mod parse;

#[rex_xdp]
pub fn packet_parse(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let sum = parse::parse(ctx.data());
    if sum == Some(7) || parse::rewrite(ctx.data_mut()).is_none() {
        XdpVerdict::Pass
    } else {
        XdpVerdict::Tx
    }
}
