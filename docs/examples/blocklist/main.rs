// SPDX-License-Identifier: GPL-2.0-only
#![no_std]

use core::sync::atomic::Ordering::Relaxed;
use rex::net::{Eth, Ipv4, ethertype};
use rex::prelude::*;

#[rex_map]
static BLOCKED: RexHashMap<u32, u64> = RexHashMap::new(1024, 0);

fn source(frame: &[u8]) -> Option<u32> {
    let (eth, rest) = Eth::parse(frame)?;
    if eth.ethertype() != ethertype::IPV4 {
        return None;
    }
    let (ip, _options, _payload) = Ipv4::parse(rest)?;
    Some(ip.source())
}

#[rex_xdp]
pub fn blocklist(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let Some(source) = source(ctx.data()) else {
        return XdpVerdict::Pass;
    };
    let Some(drops) = BLOCKED.atomic(ctx.scope(), &source) else {
        return XdpVerdict::Pass;
    };
    drops.fetch_add(1, Relaxed);
    XdpVerdict::Drop
}
