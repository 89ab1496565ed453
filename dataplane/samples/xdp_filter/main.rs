// SPDX-License-Identifier: GPL-2.0-only
//! Drops or forwards by protocol, address and port: layers 2 to 4 are rewritten at XDP on the way
//! in, and back at tc on the way out.
#![no_std]

use rex::net::checksum::Change;
use rex::net::{Eth, Ipv4, Tcp, Udp, ethertype, ipproto};
use rex::prelude::*;
use rex::tc::L4Checksum;

/// One end of a flow.
#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub struct Service {
    address: u32,
    port: u16,
    protocol: u16,
}

/// What an end is replaced with. Port 0: drop the packet.
#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub struct Target {
    address: u32,
    port: u16,
    mac: [u8; 6],
}

/// By destination of what comes in.
#[rex_map]
static FORWARD: RexHashMap<Service, Target> = RexHashMap::new(1024, 0);
/// By source of what goes out.
#[rex_map]
static BACK: RexHashMap<Service, Target> = RexHashMap::new(1024, 0);

/// The frame's destination is looked up and rewritten, with all checksums. `None`: not for us.
fn forward(frame: &mut [u8]) -> Option<XdpVerdict> {
    let (eth, rest) = Eth::parse_mut(frame)?;
    if eth.ethertype() != ethertype::IPV4 {
        return None;
    }
    let (ip, _options, rest) = Ipv4::parse_mut(rest)?;
    if ip.is_fragment() {
        return None;
    }
    let protocol = ip.protocol();
    let port = match protocol {
        ipproto::TCP => Tcp::parse(rest)?.0.dest(),
        ipproto::UDP => Udp::parse(rest)?.0.dest(),
        _ => return None,
    };
    let old = Service { address: ip.dest(), port, protocol: protocol.into() };
    let new = FORWARD.get(&old)?;
    if new.port == 0 {
        return Some(XdpVerdict::Drop);
    }
    let address = Change::u32(old.address, new.address);
    // The checksums of TCP and UDP cover the address, too.
    let both = address.and(Change::u16(old.port, new.port));
    if protocol == ipproto::TCP {
        let (tcp, ..) = Tcp::parse_mut(rest)?;
        tcp.set_check(both.apply(tcp.check()));
        tcp.set_dest(new.port);
    } else {
        let (udp, _) = Udp::parse_mut(rest)?;
        // 0 is no checksum, and stays so.
        if udp.check() != 0 {
            udp.set_check(both.apply(udp.check()));
        }
        udp.set_dest(new.port);
    }
    ip.set_check(address.apply(ip.check()));
    ip.set_dest(new.address);
    eth.set_dest(new.mac);
    Some(XdpVerdict::Pass)
}

#[rex_xdp]
pub fn ingress(ctx: &mut Xdp<'_>) -> XdpVerdict {
    forward(ctx.data_mut()).unwrap_or(XdpVerdict::Pass)
}

/// Offset of the IPv4 header.
const IP: u32 = Eth::LEN as u32;

/// Bytes of the packet, linear or not.
fn load<const N: usize>(ctx: &Tc<'_>, offset: u32) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    ctx.load(offset, &mut bytes).ok()?;
    Some(bytes)
}

/// The packet's source is looked up and rewritten. Its data may be anywhere and its checksums
/// still to be made by the device: only the kernel's helpers know.
fn answer(ctx: &mut Tc<'_>) -> Option<core::result::Result<(), Errno>> {
    if ctx.protocol() != ethertype::IPV4 {
        return None;
    }
    let ip: [u8; Ipv4::LEN] = load(ctx, IP)?;
    let header = u32::from(ip[0] & 15) * 4;
    let protocol = ip[9];
    let check = match protocol {
        ipproto::TCP => 16,
        ipproto::UDP => 6,
        _ => return None,
    };
    // More fragments, or not the first.
    if u16::from_be_bytes([ip[6], ip[7]]) & 0x3fff != 0 || header < Ipv4::LEN as u32 {
        return None;
    }
    let address = u32::from_be_bytes([ip[12], ip[13], ip[14], ip[15]]);
    let port = u16::from_be_bytes(load(ctx, IP + header)?);
    let new = BACK.get(&Service { address, port, protocol: protocol.into() })?;
    Some(rewrite_source(ctx, IP + header, check, (address, port), &new))
}

fn rewrite_source(
    ctx: &mut Tc<'_>,
    l4: u32,
    check: u32,
    (address, port): (u32, u16),
    new: &Target,
) -> core::result::Result<(), Errno> {
    let udp = check == 6;
    let moved = Change::u32(address, new.address);
    ctx.l4_csum_replace(l4 + check, moved, L4Checksum { pseudo_header: true, udp })?;
    let changed = Change::u16(port, new.port);
    ctx.l4_csum_replace(l4 + check, changed, L4Checksum { pseudo_header: false, udp })?;
    ctx.store(l4, &new.port.to_be_bytes())?;
    ctx.l3_csum_replace(IP + 10, moved)?;
    ctx.store(IP + 12, &new.address.to_be_bytes())?;
    ctx.store(6, &new.mac)
}

#[rex_tc]
pub fn egress(ctx: &mut Tc<'_>) -> TcVerdict {
    // Half rewritten, it would be an answer from nowhere.
    if let Some(Err(_)) = answer(ctx) { TcVerdict::Shot } else { TcVerdict::Ok }
}
