// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

use core::net::{Ipv4Addr, Ipv6Addr};

#[derive(Clone, Copy, Pod)]
#[repr(C)]
struct Flow {
    from: Ipv6Addr,
    to: Ipv6Addr,
}

#[rex_map]
static HOSTS: RexHashMap<Ipv4Addr, u64> = RexHashMap::new(8, 0);
#[rex_map]
static FLOWS: RexHashMap<Flow, Ipv4Addr> = RexHashMap::new(8, 0);

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    let _ = HOSTS.set(&Ipv4Addr::LOCALHOST, 1);
    let flow = Flow { from: Ipv6Addr::LOCALHOST, to: Ipv6Addr::UNSPECIFIED };
    match FLOWS.get(&flow) {
        Some(Ipv4Addr::BROADCAST) => XdpVerdict::Drop,
        _ => XdpVerdict::Pass,
    }
}
