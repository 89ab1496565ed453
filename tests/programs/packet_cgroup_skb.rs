// SPDX-License-Identifier: GPL-2.0-only
//! Packet helpers at cgroup_skb, where packets begin with the IP header. What goes wrong is a drop.
#![no_std]
use rex::net::{Ipv4, Udp};
use rex::prelude::*;
use rex::socket::{SocketState, SocketTuple};

fn allow(done: Option<()>) -> CgroupVerdict {
    if done.is_some() { CgroupVerdict::Allow } else { CgroupVerdict::Drop }
}

fn when(is: bool) -> Option<()> {
    is.then_some(())
}

#[rex_cgroup_skb]
pub fn load_bytes(ctx: &mut CgroupSkb<'_>) -> CgroupVerdict {
    allow((|| {
        let mut tail = [0; 10];
        ctx.load(ctx.len() - 10, &mut tail).ok()?;
        when(&tail == b"hello, rex" && ctx.load(ctx.len() - 9, &mut tail).is_err())
    })())
}

#[rex_cgroup_skb]
pub fn fields(ctx: &mut CgroupSkb<'_>) -> CgroupVerdict {
    allow((|| {
        ctx.set_mark(0x1234_5678);
        ctx.set_priority(7);
        when(ctx.mark() == 0x1234_5678 && ctx.priority() == 7)?;
        when(ctx.len() == 38 && ctx.protocol() == 0x0800 && ctx.ifindex() == 1)?;
        let (ip, _, _) = Ipv4::parse(ctx.data())?;
        when(ip.dest() == 0x0a4d_0001 && ctx.vlan_tag().is_none() && ctx.gso_size() == 0)
    })())
}

#[rex_cgroup_skb]
pub fn get_hash_recalc(ctx: &mut CgroupSkb<'_>) -> CgroupVerdict {
    let hash = ctx.hash();
    allow(when(hash != 0 && hash == ctx.hash()))
}

fn tuple(packet: &[u8]) -> Option<SocketTuple> {
    let (ip, _, rest) = Ipv4::parse(packet)?;
    let (udp, _) = Udp::parse(rest)?;
    Some(SocketTuple::v4(ip.source(), udp.source(), ip.dest(), udp.dest()))
}

#[rex_cgroup_skb]
pub fn sk_lookup_tcp(ctx: &mut CgroupSkb<'_>) -> CgroupVerdict {
    allow((|| {
        let socket = ctx.sk_lookup_tcp(&tuple(ctx.data())?)?;
        when(socket.state() == SocketState::Listen && socket.local_port() == 2000)
    })())
}

#[rex_cgroup_skb]
pub fn sk_lookup_udp(ctx: &mut CgroupSkb<'_>) -> CgroupVerdict {
    allow((|| {
        let socket = ctx.sk_lookup_udp(&tuple(ctx.data())?)?;
        when(socket.local_port() == 2000 && socket.family() == 2)
    })())
}
