// SPDX-License-Identifier: GPL-2.0-only
//! Entries with filters: a packet that is dropped was one for the program, one that passes was not.

use rex::prelude::*;

#[rex_map]
static PORTS: RexArray<[u16; 3]> = RexArray::new(1, 0);

#[rex_xdp(filter = udp(53))]
pub fn one(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    XdpVerdict::Drop
}

#[rex_xdp(filter = udp(53, 11211, 65535), frags)]
pub fn three(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    XdpVerdict::Drop
}

#[rex_xdp(filter = udp(in PORTS))]
pub fn mapped(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    XdpVerdict::Drop
}

#[rex_xdp(filter = tcp)]
pub fn any_tcp(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    XdpVerdict::Drop
}

#[rex_tc(filter = udp(53))]
pub fn at_tc(_ctx: &mut Tc<'_>) -> TcVerdict {
    TcVerdict::Shot
}

#[rex_xdp]
pub fn all(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    XdpVerdict::Drop
}
