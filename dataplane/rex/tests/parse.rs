// SPDX-License-Identifier: GPL-2.0-only
//! Everything that the parsers can do with some bytes: for the fuzzer, and for a program that must
//! come out without a way to panic. Gives a number that depends on all of it.

use rex::net::{checksum::*, *};

fn transport(protocol: u8, bytes: &[u8]) -> Option<u64> {
    Some(match protocol {
        ipproto::TCP => {
            let (tcp, options, payload) = Tcp::parse(bytes)?;
            let options = TcpOptions(options).fold(0, |sum, option| {
                sum + match option {
                    TcpOption::MaximumSegmentSize(size) => u64::from(size),
                    TcpOption::WindowScale(shift) => u64::from(shift),
                    TcpOption::SackPermitted => 1,
                    TcpOption::Sack(ranges) => add(0, ranges),
                    TcpOption::Timestamps { value, echo } => u64::from(value) + u64::from(echo),
                    TcpOption::Other { kind, data } => u64::from(kind) + add(0, data),
                }
            });
            u64::from(tcp.seq()) + options + add(0, payload)
        }
        ipproto::UDP => {
            let (udp, payload) = Udp::parse(bytes)?;
            u64::from(udp.source()) + u64::from(udp.dest()) + add(0, payload)
        }
        ipproto::ICMP | ipproto::ICMPV6 => {
            let (icmp, rest) = Icmp::parse(bytes)?;
            u64::from(icmp.kind()) + u64::from(icmp.seq()) + u64::from(checksum(rest))
        }
        _ => 1,
    })
}

pub fn parse(frame: &[u8]) -> Option<u64> {
    let (eth, rest) = Eth::parse(frame)?;
    let (kind, rest) = eth.untagged(rest)?;
    match kind {
        ethertype::ARP => {
            let (arp, _) = Arp::parse(rest)?;
            let [a, .., b] = arp.sender_mac();
            let [c, .., d] = arp.target_mac();
            Some(u64::from(arp.sender() ^ arp.target()) + add(0, &[a, b, c, d]))
        }
        ethertype::IPV4 => {
            let (ip, options, payload) = Ipv4::parse(rest)?;
            if ip.is_fragment() {
                return None;
            }
            Some(transport(ip.protocol(), payload)? + add(ip.pseudo_sum(1), options))
        }
        ethertype::IPV6 => {
            let (ip, payload) = Ipv6::parse(rest)?;
            let mut headers = ip.extensions(payload);
            let mut sum = 0;
            for header in &mut headers {
                sum += header.fragment().map_or(0, |(offset, more, id)| {
                    u64::from(offset) + u64::from(more) + u64::from(id)
                }) + add(0, header.bytes);
            }
            let (protocol, bytes) = headers.upper()?;
            Some(transport(protocol, bytes)? + sum + ip.pseudo_sum(protocol, 8))
        }
        _ => None,
    }
}

/// Swaps ends, as a program that answers would, with the checksums brought up to date.
pub fn rewrite(frame: &mut [u8]) -> Option<()> {
    let (eth, rest) = Eth::parse_mut(frame)?;
    eth.swap_addresses();
    let (source, dest) = (eth.source(), eth.dest());
    eth.set_dest(source);
    eth.set_source(dest);
    let (ip, _, rest) = Ipv4::parse_mut(rest)?;
    let (source, new) = (ip.source(), 0x0a00_0001);
    let change = Change::u32(source, new);
    ip.set_source(new);
    ip.set_check(change.apply(ip.check()));
    match ip.protocol() {
        ipproto::UDP => {
            let (udp, _) = Udp::parse_mut(rest)?;
            let port = Change::u16(udp.source(), 53);
            udp.set_source(53);
            udp.update_check(change.and(port));
        }
        ipproto::TCP => {
            let (tcp, _, _) = Tcp::parse_mut(rest)?;
            let port = Change::u16(tcp.source(), 53);
            tcp.set_source(53);
            tcp.set_check(change.and(port).apply(tcp.check()));
        }
        _ => {}
    }
    Some(())
}
