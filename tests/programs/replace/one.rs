// SPDX-License-Identifier: GPL-2.0-only
//! What is exchanged for two.rs and back while it is attached (rex-replace.t).
#![no_std]
use rex::prelude::*;
use rex::program;

/// How often it ran, and under which generation last.
#[rex_map]
static RAN_ONE: RexArray<u64> = RexArray::new(2, 0);

fn ran() {
    let runs = RAN_ONE.get(0).unwrap_or(0);
    RAN_ONE.set(0, runs + 1);
    RAN_ONE.set(1, program::generation().into());
}

#[rex_xdp]
pub fn incoming(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    ran();
    XdpVerdict::Pass
}

#[rex_tc]
pub fn outgoing(_ctx: &mut Tc<'_>) -> TcVerdict {
    TcVerdict::Ok
}

#[rex_fentry]
pub fn calls(_ctx: &Fentry<'_>) -> rex::Result {
    Ok(0)
}

/// The next one has none of this name; nothing is attached to it.
#[rex_xdp]
pub fn only_here(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    XdpVerdict::Pass
}

/// In longer.rs, the record of a socket is longer.
#[rex_stream]
pub fn server(_ctx: &mut Stream<'_, u64>) -> StreamVerdict {
    StreamVerdict::Pass
}
