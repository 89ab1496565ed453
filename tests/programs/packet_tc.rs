// SPDX-License-Identifier: GPL-2.0-only
//! One entry per packet helper at tc. What goes wrong is a shot.
#![no_std]
use rex::net::checksum::Change;
use rex::net::{Eth, Ipv4, Tcp, Udp, ipproto};
use rex::prelude::*;
use rex::route::FibRequest;
use rex::socket::{SocketState, SocketTuple};
use rex::tc::{Direction, L4Checksum, PacketType, Room, VlanTag};

/// Element 0: an interface.
#[rex_map]
static PARAM: RexArray<u32> = RexArray::new(1, 0);

/// Packets for which the entry's helpers did what they should.
#[rex_map]
static DONE: RexArray<u64> = RexArray::new(1, 0);

const IP_CHECK: u32 = 14 + 10;
const IP_DEST: u32 = 14 + 16;
const UDP_CHECK: u32 = 34 + 6;
const NEW_DEST: u32 = 0xc0a8_0709;

fn ok(done: Option<()>) -> TcVerdict {
    if done.is_some() { TcVerdict::Ok } else { TcVerdict::Shot }
}

fn when(is: bool) -> Option<()> {
    is.then_some(())
}

fn count() {
    DONE.set(0, DONE.get(0).unwrap_or(0) + 1);
}

fn dest(frame: &[u8]) -> Option<u32> {
    Some(Ipv4::parse(Eth::parse(frame)?.1)?.0.dest())
}

#[rex_tc]
pub fn load_bytes(ctx: &mut Tc<'_>) -> TcVerdict {
    ok((|| {
        let mut tail = [0; 10];
        ctx.load(ctx.len() - 10, &mut tail).ok()?;
        when(&tail == b"hello, rex" && ctx.load(ctx.len() - 9, &mut tail).is_err())
    })())
}

#[rex_tc]
pub fn store_bytes(ctx: &mut Tc<'_>) -> TcVerdict {
    ok((|| {
        ctx.store(ctx.len() - 4, b"STOR").ok()?;
        when(ctx.store(ctx.len() - 3, b"STOR").is_err())?;
        ctx.store_csum(ctx.len() - 10, b"sum").ok()?;
        when(ctx.store_csum(ctx.len() - 2, b"sum").is_err())
    })())
}

#[rex_tc]
pub fn l3_csum_replace(ctx: &mut Tc<'_>) -> TcVerdict {
    ok((|| {
        let change = Change::u32(dest(ctx.data())?, NEW_DEST);
        ctx.l3_csum_replace(IP_CHECK, change).ok()?;
        when(ctx.l3_csum_replace(100_000, change).is_err())
    })())
}

/// To 192.168.7.9, with both checksums brought up to date.
#[rex_tc]
pub fn l4_csum_replace(ctx: &mut Tc<'_>) -> TcVerdict {
    ok((|| {
        let change = Change::u32(dest(ctx.data())?, NEW_DEST);
        ctx.l3_csum_replace(IP_CHECK, change).ok()?;
        let which = L4Checksum { pseudo_header: true, udp: true };
        ctx.l4_csum_replace(UDP_CHECK, change, which).ok()?;
        ctx.store(IP_DEST, &NEW_DEST.to_be_bytes()).ok()
    })())
}

#[rex_tc]
pub fn csum_diff(ctx: &mut Tc<'_>) -> TcVerdict {
    ok((|| {
        let (_, rest) = Eth::parse_mut(ctx.data_mut().ok()?)?;
        let (ip, _, rest) = Ipv4::parse_mut(rest)?;
        let (udp, _) = Udp::parse_mut(rest)?;
        let change = Change::bytes(&ip.dest().to_be_bytes(), &NEW_DEST.to_be_bytes());
        ip.set_dest(NEW_DEST);
        ip.set_check(change.apply(ip.check()));
        udp.set_check(change.apply(udp.check()));
        Some(())
    })())
}

#[rex_tc]
pub fn change_head(ctx: &mut Tc<'_>) -> TcVerdict {
    ok((|| {
        ctx.change_head(6).ok()?;
        ctx.data_mut().ok()?.get_mut(..6)?.copy_from_slice(b"header");
        when(ctx.change_head(1 << 20).is_err())
    })())
}

#[rex_tc]
pub fn change_tail(ctx: &mut Tc<'_>) -> TcVerdict {
    ok((|| {
        ctx.change_tail(ctx.len() - 10).ok()?;
        ctx.change_tail(ctx.len() + 4).ok()?;
        when(ctx.change_tail(1 << 20).is_err())
    })())
}

#[rex_tc]
pub fn change_type(ctx: &mut Tc<'_>) -> TcVerdict {
    ok((|| {
        // As the Ethernet address says.
        when(ctx.packet_type() == PacketType::OtherHost)?;
        ctx.change_type(PacketType::Host).ok()?;
        when(ctx.packet_type() == PacketType::Host)?;
        when(ctx.change_type(PacketType::Outgoing).is_err())
    })())
}

/// For this machine, though the Ethernet address is another one's.
#[rex_tc]
pub fn change_type_to_host(ctx: &mut Tc<'_>) -> TcVerdict {
    if ctx.packet_type() == PacketType::OtherHost && ctx.change_type(PacketType::Host).is_ok() {
        count();
    }
    TcVerdict::Ok
}

#[rex_tc]
pub fn change_proto(ctx: &mut Tc<'_>) -> TcVerdict {
    ok((|| {
        let len = ctx.len();
        ctx.change_proto(0x86dd).ok()?;
        when(ctx.len() == len + 20 && ctx.protocol() == 0x86dd)?;
        ctx.change_proto(0x0800).ok()?;
        when(ctx.len() == len && ctx.protocol() == 0x0800 && ctx.change_proto(0x0806).is_err())
    })())
}

#[rex_tc]
pub fn adjust_room(ctx: &mut Tc<'_>) -> TcVerdict {
    ok((|| {
        ctx.adjust_room(8, Room::Mac, 0).ok()?;
        ctx.store(14, b"tunneled").ok()?;
        when(ctx.adjust_room(1 << 20, Room::Mac, 0).is_err())
    })())
}

#[rex_tc]
pub fn vlan_push(ctx: &mut Tc<'_>) -> TcVerdict {
    ok((|| {
        let (inner, outer) =
            (VlanTag { protocol: 0x8100, tci: 5 }, VlanTag { protocol: 0x88a8, tci: 7 });
        when(ctx.vlan_tag().is_none())?;
        ctx.vlan_push(inner).ok()?;
        when(ctx.vlan_tag() == Some(inner))?;
        ctx.vlan_push(outer).ok()?;
        when(ctx.vlan_tag() == Some(outer))
    })())
}

#[rex_tc]
pub fn vlan_pop(ctx: &mut Tc<'_>) -> TcVerdict {
    ok(ctx.vlan_pop().ok())
}

#[rex_tc]
pub fn clone_redirect(ctx: &mut Tc<'_>) -> TcVerdict {
    if ctx.clone_redirect(PARAM.get(0).unwrap_or(0), Direction::Egress).is_ok() {
        count();
    }
    TcVerdict::Ok
}

#[rex_tc]
pub fn redirect(ctx: &mut Tc<'_>) -> TcVerdict {
    let port = PARAM.get(0).unwrap_or(0);
    ctx.redirect(port, Direction::Egress).unwrap_or(TcVerdict::Shot)
}

#[rex_tc]
pub fn redirect_peer(ctx: &mut Tc<'_>) -> TcVerdict {
    ctx.redirect_peer(PARAM.get(0).unwrap_or(0)).unwrap_or(TcVerdict::Shot)
}

#[rex_tc]
pub fn get_hash_recalc(ctx: &mut Tc<'_>) -> TcVerdict {
    ok((|| {
        let hash = ctx.hash();
        when(hash != 0 && hash == ctx.hash())
    })())
}

/// What can be set reads back; the rest is what test_run made.
#[rex_tc]
pub fn fields(ctx: &mut Tc<'_>) -> TcVerdict {
    ok((|| {
        ctx.set_mark(0x1234_5678);
        ctx.set_priority(7);
        ctx.set_queue_mapping(3);
        ctx.set_queue_mapping(u16::MAX);
        ctx.set_tc_index(9);
        ctx.set_tc_classid(11);
        when(ctx.mark() == 0x1234_5678 && ctx.priority() == 7 && ctx.queue_mapping() == 3)?;
        when(ctx.tc_index() == 9 && ctx.tc_classid() == 11)?;
        (0..5).for_each(|i| ctx.set_cb(i, 100 + i));
        ctx.set_cb(5, 1);
        when((0..5).all(|i| ctx.cb(i) == 100 + i) && ctx.cb(5) == 0)?;
        when(ctx.len() == 52 && ctx.protocol() == 0x0800 && ctx.ifindex() == 1)?;
        when(ctx.packet_type() != PacketType::Outgoing && ctx.vlan_tag().is_none())?;
        when(ctx.gso_segs() == 0 && ctx.gso_size() == 0 && ctx.napi_id() == 0)?;
        when(ctx.hwtstamp() == 0 && ctx.meta().is_empty())
    })())
}

#[rex_tc]
pub fn set_tstamp(ctx: &mut Tc<'_>) -> TcVerdict {
    ok((|| {
        ctx.set_tstamp(123_456_789, 1).ok()?;
        when(ctx.tstamp() == 123_456_789 && ctx.tstamp_type() == 1)?;
        when(ctx.set_tstamp(1, 7).is_err())
    })())
}

#[rex_tc]
pub fn fib_lookup(ctx: &mut Tc<'_>) -> TcVerdict {
    ok((|| {
        let (_, rest) = Eth::parse(ctx.data())?;
        let (ip, _, _) = Ipv4::parse(rest)?;
        let request = FibRequest::v4(ip.source(), ip.dest()).ifindex(PARAM.get(0)?);
        let hop = ctx.fib_lookup(&request).ok()?;
        ctx.store(0, &hop.dest_mac).ok()?;
        ctx.store(6, &hop.source_mac).ok()?;
        ctx.store(14, &hop.ifindex.to_be_bytes()).ok()
    })())
}

fn tuple(frame: &[u8]) -> Option<SocketTuple> {
    let (_, rest) = Eth::parse(frame)?;
    let (ip, _, rest) = Ipv4::parse(rest)?;
    let (udp, _) = Udp::parse(rest)?;
    Some(SocketTuple::v4(ip.source(), udp.source(), ip.dest(), udp.dest()))
}

#[rex_tc]
pub fn sk_lookup_tcp(ctx: &mut Tc<'_>) -> TcVerdict {
    ok((|| {
        let socket = ctx.sk_lookup_tcp(&tuple(ctx.data())?)?;
        when(socket.state() == SocketState::Listen && socket.local_port() == 2000)
    })())
}

#[rex_tc]
pub fn sk_lookup_udp(ctx: &mut Tc<'_>) -> TcVerdict {
    ok((|| {
        let socket = ctx.sk_lookup_udp(&tuple(ctx.data())?)?;
        when(socket.local_port() == 2000 && socket.family() == 2)
    })())
}

/// Drops what has no metadata from packet_xdp's `meta_for_tc`.
#[rex_tc]
pub fn meta(ctx: &mut Tc<'_>) -> TcVerdict {
    ok(when(ctx.meta() == b"rex!"))
}

/// Where the payload of a TCP segment begins, by the headers alone.
fn payload(frame: &[u8]) -> Option<usize> {
    let (eth, rest) = Eth::parse(frame)?;
    when(eth.ethertype() == 0x0800)?;
    let ihl = usize::from(rest.first()? & 15) * 4;
    when(*rest.get(9)? == ipproto::TCP)?;
    let tcp = rest.get(ihl..)?;
    Some(Eth::LEN + ihl + usize::from(tcp.get(12)? >> 4) * 4)
}

/// TCP segments whose payload is not linear and begins with "plain" get "REXED" there, with the
/// checksum brought up to date. The sender still holds a clone.
#[rex_tc]
pub fn pull_data(ctx: &mut Tc<'_>) -> TcVerdict {
    let rewritten = (|| {
        let at = payload(ctx.data())?;
        let mut text = [0; 6];
        ctx.load(at as u32, &mut text).ok()?;
        when(&text == b"plain " && ctx.data().len() < ctx.len() as usize)?;
        when(ctx.data().get(at..at + 6) != Some(&text[..]))?;
        ctx.pull(ctx.len()).ok()?;
        when(ctx.data().len() == ctx.len() as usize && ctx.data().get(at..at + 6)? == text)?;
        let change = Change::bytes(b"plain ", b"REXED ");
        let (data, check) = (ctx.data_mut().ok()?, 34 + 16);
        data.get_mut(at..at + 6)?.copy_from_slice(b"REXED ");
        let (_, _, segment) = Ipv4::parse(Eth::parse(data)?.1)?;
        Tcp::parse(segment)?;
        ctx.l4_csum_replace(check, change, L4Checksum::default()).ok()
    })();
    if rewritten.is_some() {
        count();
    }
    TcVerdict::Ok
}
