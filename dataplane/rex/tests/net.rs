// SPDX-License-Identifier: GPL-2.0-only
//! The parsers on packets built by hand, and on every way to cut them short.

mod parse;

use parse::{parse, rewrite};
use rex::net::*;

const MACS: [u8; 12] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];

fn eth(kinds: &[&[u8]], payload: &[u8]) -> Vec<u8> {
    [&MACS[..], &kinds.concat(), payload].concat()
}

/// A UDP datagram over IPv4 whose checksums another program computed.
fn udp4() -> Vec<u8> {
    let ip = [
        0x45, 0, 0, 0x26, 0, 1, 0, 0, 0x40, 0x11, 0x66, 0x2a, 10, 77, 0, 2, 10, 77, 0, 1, 3, 0xe8,
        7, 0xd0, 0, 0x12, 0x15, 0x8d,
    ];
    eth(&[&[8, 0]], &[&ip[..], b"hello, rex"].concat())
}

fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let [high, low] = (payload.len() as u16).to_be_bytes();
    [&[0x60, 0, 0, 0, high, low, next, 64][..], &[1; 16], &[2; 16], payload].concat()
}

const UDP6: [u8; 10] = [0, 53, 0, 80, 0, 10, 0, 0, b'o', b'k'];

#[test]
fn vlan_tags_are_passed() {
    let frame = udp4();
    let tagged = eth(&[&[0x88, 0xa8, 0, 7], &[0x81, 0, 0, 5], &[8, 0]], &frame[14..]);
    let (header, rest) = Eth::parse(&tagged).unwrap();
    let (kind, rest) = header.untagged(rest).unwrap();
    assert_eq!((kind, rest), (ethertype::IPV4, &frame[14..]));
    let (header, rest) = Eth::parse(&tagged[..20]).unwrap();
    assert!(header.untagged(rest).is_none());
}

#[test]
fn arp() {
    let question =
        [0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 9, 10, 0, 0, 9, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1];
    let (arp, _) = Arp::parse(&question).unwrap();
    assert_eq!((arp.operation(), arp.sender(), arp.target()), (1, 0x0a00_0009, 0x0a00_0001));
    assert_eq!(arp.sender_mac(), [2, 0, 0, 0, 0, 9]);
    let mut other = question;
    other[5] = 16;
    assert!(Arp::parse(&other).is_none());
    let (arp, _) = Arp::parse_mut(&mut other[..]).map_or((None, ()), |(a, _)| (Some(a), ()));
    assert!(arp.is_none());
}

#[test]
fn ipv6_extension_headers() {
    let chain = [
        &[43, 1][..],
        &[0; 14], // hop by hop, 16 bytes; routing follows
        &[51, 0],
        &[0; 6], // routing, 8 bytes; authentication follows
        &[60, 1],
        &[0; 10], // authentication, 12 bytes; destination options follow
        &[17, 0],
        &[0; 6], // destination options, 8 bytes; UDP follows
        &UDP6,
    ];
    let chain = chain.concat();
    let packet = ipv6(extension::HOP_BY_HOP, &chain);
    let (ip, payload) = Ipv6::parse(&packet).unwrap();
    let found: Vec<_> = ip.extensions(payload).map(|e| (e.kind, e.bytes.len())).collect();
    assert_eq!(found, [(0, 16), (43, 8), (51, 12), (60, 8)]);
    assert_eq!(ip.upper(payload), Some((ipproto::UDP, &UDP6[..])));
    // Cut anywhere, there is no upper protocol before all headers are whole.
    for len in 0..44 {
        assert_eq!(ip.upper(&payload[..len]), None, "{len} bytes");
    }
}

#[test]
fn ipv6_fragments() {
    let first = [&[17, 0, 0, 1, 0, 0, 0, 9][..], &UDP6].concat();
    let packet = ipv6(extension::FRAGMENT, &first);
    let (ip, payload) = Ipv6::parse(&packet).unwrap();
    let header = ip.extensions(payload).next().unwrap();
    assert_eq!(header.fragment(), Some((0, true, 9)));
    assert_eq!(ip.upper(payload), Some((ipproto::UDP, &UDP6[..])));

    let later = [&[17, 0, 0, 8, 0, 0, 0, 9][..], &UDP6].concat();
    let packet = ipv6(extension::FRAGMENT, &later);
    let (ip, payload) = Ipv6::parse(&packet).unwrap();
    assert_eq!(ip.extensions(payload).count(), 1);
    assert_eq!(ip.upper(payload), None);
}

#[test]
fn esp_and_none_end_the_headers() {
    for kind in [extension::ESP, extension::NONE] {
        let packet = ipv6(kind, &[0; 8]);
        let (ip, payload) = Ipv6::parse(&packet).unwrap();
        assert_eq!(ip.upper(payload), Some((kind, &[0; 8][..])));
    }
}

#[test]
fn tcp_options() {
    let bytes = [
        2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 7, 5, 10, 0, 0, 0, 1, 0, 0, 0,
        9, 2, 3, 1, 254, 2, 0, 99,
    ];
    let found: Vec<_> = TcpOptions(&bytes).collect();
    assert_eq!(
        found,
        [
            TcpOption::MaximumSegmentSize(1460),
            TcpOption::SackPermitted,
            TcpOption::Timestamps { value: 1, echo: 2 },
            TcpOption::WindowScale(7),
            TcpOption::Sack(&[0, 0, 0, 1, 0, 0, 0, 9]),
            TcpOption::Other { kind: 2, data: &[1] },
            TcpOption::Other { kind: 254, data: &[] },
        ]
    );
    for bad in [&[2][..], &[2, 1], &[2, 0], &[2, 5, 0]] {
        assert_eq!(TcpOptions(bad).count(), 0, "{bad:?}");
    }
}

#[test]
fn rewritten_packets_have_right_checksums() {
    let mut frame = udp4();
    rewrite(&mut frame).unwrap();
    let (ip, _, payload) = Ipv4::parse(&frame[14..]).unwrap();
    assert_eq!((ip.source(), checksum::checksum(ip.bytes())), (0x0a00_0001, 0));
    assert_eq!(checksum::finish(checksum::add(ip.pseudo_sum(18), payload)), 0);
}

#[test]
fn a_change_is_what_summing_up_anew_gives() {
    let mut bytes: Vec<u8> = (0..64).map(|i| i * 37 + 11).collect();
    for at in (0..60).step_by(2) {
        let before = checksum::checksum(&bytes);
        let old: [u8; 4] = bytes[at..at + 4].try_into().unwrap();
        let new = [old[1] ^ 0x5a, old[3], !old[0], old[2] ^ 1];
        bytes[at..at + 4].copy_from_slice(&new);
        let after = checksum::checksum(&bytes);
        let change = checksum::Change::bytes(&old, &new);
        assert_eq!(change.apply(before), after);
        let number = checksum::Change::u32(u32::from_be_bytes(old), u32::from_be_bytes(new));
        assert_eq!(number.apply(before), after);
    }
}

#[test]
fn what_is_cut_short_is_refused() {
    let frame = udp4();
    assert!(parse(&frame).is_some());
    for len in 0..frame.len() {
        assert_eq!(parse(&frame[..len]), None, "{len} bytes");
    }
    // Padding behind the packet does not count.
    let padded = [&frame[..], &[0xff; 8]].concat();
    assert_eq!(parse(&padded), parse(&frame));
}
