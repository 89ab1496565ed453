// SPDX-License-Identifier: GPL-2.0-only
//! What is not exactly a GET of one key in one plain frame passes untouched, even if the key is in
//! the cache.

use super::frames::*;
use super::*;

/// A session with `key` in the cache.
fn filled() -> Session {
    let session = Session::new();
    sends(&session, Packet::new(&reply(b"key", b"value")));
    answers(&session, &get(b"key"), &answer(b"key", b"value"));
    session
}

/// The GET passes once `change` was at it; its IP checksum is right again.
#[track_caller]
fn passes_with(session: &Session, change: impl FnOnce(&mut Vec<u8>)) {
    let mut frame = get(b"key");
    change(&mut frame);
    seal(&mut frame);
    assert_ne!(frame, get(b"key"));
    passes(session, Packet::new(&frame));
}

#[test]
fn other_requests() {
    let session = filled();
    for text in [
        &b"get key key\r\n"[..],
        b"get key other\r\n",
        b"get other key\r\n",
        b"gets key\r\n",
        b"get key",
        b"get key\n",
        b"get  key\r\n",
        b"get key \r\n",
        b"GET key\r\n",
        b"get key\r\nget key\r\n",
        b"get \r\n",
        b"get\r\n",
        b"\r\n",
        b"",
        b"set key 0 0 1\r\nx\r\n",
        b"delete key\r\n",
        b"version\r\n",
        b"\x80\0\0\x03\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\0\0\0\0\0key",
    ] {
        let form = counts(Stat::PassForm, || {
            passes(&session, Packet::new(&udp(CLIENT, SERVER, 1, 64, 0, text)));
        });
        assert_eq!(form, 1, "{}", text.escape_ascii());
    }
    passes(&session, Packet::new(&get(&[b'k'; 251])));
}

#[test]
fn other_protocols() {
    let session = filled();
    // IPv6, ARP, a length instead of a type
    for ethertype in [[0x86, 0xdd], [0x08, 0x06], [0, 60], [0x88, 0xa8]] {
        passes_with(&session, |frame| frame[12..14].copy_from_slice(&ethertype));
    }
    // TCP (it is no SET), ICMP, UDP-Lite, SCTP, none
    for protocol in [6, 1, 136, 132, 0, 255] {
        passes_with(&session, |frame| frame[IP + 9] = protocol);
    }
    for port in [0, 11_210, 11_212, 53] {
        let server = Side { port, ..SERVER };
        passes(&session, Packet::new(&udp(CLIENT, server, 77, 64, 0, &get_text(b"key"))));
    }
    // From the port, not to it.
    passes(&session, Packet::new(&udp(SERVER, CLIENT, 77, 64, 0, &get_text(b"key"))));
}

#[test]
fn vlan_tags() {
    let session = filled();
    for tag in [&[0x81, 0, 0, 5][..], &[0x88, 0xa8, 0, 5], &[0x81, 0, 0, 5, 0x81, 0, 0, 6]] {
        let frame = get(b"key");
        let frame = [&frame[..12], tag, &frame[12..]].concat();
        passes(&session, Packet::new(&frame));
    }
}

#[test]
fn ipv6() {
    let session = filled();
    let frame = get(b"key");
    let len = (frame.len() - L4) as u8;
    let mut six = [&frame[..12], &[0x86, 0xdd, 0x60, 0, 0, 0, 0, len, 17, 64]].concat();
    six.extend([0x20; 32]);
    six.extend(&frame[L4..]);
    passes(&session, Packet::new(&six));
}

#[test]
fn ip_versions_and_options() {
    let session = filled();
    for first in (0..=255).filter(|first| *first != 0x45) {
        passes_with(&session, |frame| frame[IP] = first);
    }
    // Whole: as long as it says.
    for words in 1..=10 {
        let frame = get(b"key");
        let mut long = [&frame[..L4], &vec![1; words * 4], &frame[L4..]].concat();
        long[IP] += words as u8;
        long[IP + 3] += 4 * words as u8;
        seal(&mut long);
        passes(&session, Packet::new(&long));
    }
}

#[test]
fn fragments() {
    let session = filled();
    // More fragments; every offset, with and without; "do not fragment" alone is none
    for flags in [0x2000, 0x6000, 0xa000] {
        passes_with(&session, |frame| {
            frame[IP + 6..IP + 8].copy_from_slice(&u16::to_be_bytes(flags));
        });
    }
    for offset in 1..0x2000u16 {
        for flags in [0, 0x2000, 0x4000] {
            passes_with(&session, |frame| {
                frame[IP + 6..IP + 8].copy_from_slice(&(offset | flags).to_be_bytes());
            });
        }
    }
    let (mut request, mut expected) = (get(b"key"), answer(b"key", b"value"));
    for frame in [&mut request, &mut expected] {
        frame[IP + 6] = 0;
        seal(frame);
    }
    answers(&session, &request, &expected);
}

#[test]
fn lengths_that_disagree() {
    let session = filled();
    let frame = get(b"key");
    let (ip_len, udp_len) = ((frame.len() - IP) as u16, (frame.len() - L4) as u16);
    for len in (0..=u16::MAX).filter(|len| *len != ip_len) {
        passes_with(&session, |frame| frame[IP + 2..IP + 4].copy_from_slice(&len.to_be_bytes()));
    }
    for len in (0..=u16::MAX).filter(|len| *len != udp_len) {
        passes_with(&session, |frame| frame[L4 + 4..L4 + 6].copy_from_slice(&len.to_be_bytes()));
    }
    // Both alike, but shorter than the text or longer than the frame.
    for udp in (0..2000u16).filter(|len| *len != udp_len) {
        passes_with(&session, |frame| {
            frame[IP + 2..IP + 4].copy_from_slice(&(udp + 20).to_be_bytes());
            frame[L4 + 4..L4 + 6].copy_from_slice(&udp.to_be_bytes());
        });
    }
}

#[test]
fn requests_in_several_datagrams() {
    let session = filled();
    for at in FRAME + 2..TEXT {
        for wrong in [1, 2, 0x80, 0xff] {
            passes_with(&session, |frame| frame[at] ^= wrong);
        }
    }
    // And replies in several are not put in.
    for at in FRAME + 2..TEXT {
        let mut frame = reply(b"new", b"value");
        frame[at] ^= 3;
        assert_eq!(counts(Stat::Fills, || sends(&session, Packet::new(&frame))), 0);
        passes(&session, Packet::new(&get(b"new")));
    }
}

#[test]
fn to_a_group_or_to_all() {
    let session = filled();
    for mac in [[0xff; 6], [1, 0, 0x5e, 0, 0, 9], [0x33, 0x33, 0, 0, 0, 1]] {
        passes_with(&session, |frame| frame[..6].copy_from_slice(&mac));
    }
    for ip in [[224, 0, 0, 1], [239, 255, 255, 255], [240, 0, 0, 1], [255; 4]] {
        passes_with(&session, |frame| frame[IP + 16..IP + 20].copy_from_slice(&ip));
    }
}

#[test]
fn packets_in_pieces() {
    let session = filled();
    let frame = get(b"key");
    for linear in 0..frame.len() {
        passes(&session, Packet::new(&frame).with_linear(linear));
    }
    // The request in one piece, and more behind it: the frame cannot grow.
    let mut packet = Packet::new(&frame);
    packet.frags = true;
    assert_eq!(counts(Stat::PassRoom, || passes(&session, packet)), 1);
    let long = [frame.clone(), vec![0; 9]].concat();
    let mut packet = Packet::new(&long).with_linear(frame.len());
    packet.frags = true;
    assert_eq!(counts(Stat::PassRoom, || passes(&session, packet)), 1);
}

#[test]
fn frames_cut_anywhere() {
    let session = filled();
    let whole = [get(b"key"), get(b"absent"), reply(b"key", b"new"), tcp(3, &[b'x'; 99])];
    for frame in whole {
        for len in 0..frame.len() {
            passes(&session, Packet::new(&frame[..len]));
        }
    }
    // All of a TCP segment that is there counts, even if it ends in the key: that one is "k".
    let frame = tcp(0, &set_text(b"key", b"new"));
    for len in 0..frame.len() {
        passes(&session, Packet::new(&frame[..len]));
        let (verdict, _) = run(&session, &get(b"key"));
        let key_seen = len >= 54 + b"set key".len();
        assert_eq!(verdict == XdpVerdict::Pass, key_seen, "{len} bytes");
    }
}
