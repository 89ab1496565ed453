// SPDX-License-Identifier: GPL-2.0-only
//! What is not exactly a GET in one plain frame to the server passes untouched, even if the key is
//! in the cache.

use super::frames::*;
use super::*;

#[test]
fn in_one_plain_frame_it_is_answered() {
    answers(&filled(), &get(b"key"), &answer(b"key", b"value"));
}

/// The GET passes once `change` was at it; its IP checksum is right again.
#[track_caller]
fn passes_with(session: &Session, change: impl FnOnce(&mut Vec<u8>)) {
    // No UDP checksum, so that it is not that which is wrong.
    let whole = Datagram { check: Check::None, ..Datagram::request(&get_text(b"key")) }.bytes();
    let mut frame = whole.clone();
    change(&mut frame);
    seal(&mut frame);
    assert_ne!(frame, whole);
    passes(session, Packet::new(&frame));
}

#[test]
fn other_requests() {
    let session = filled();
    for text in [
        &b"gets key\r\n"[..],
        b"get key",
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
        passes_as(&session, Stat::PassForm, &Datagram::request(text).bytes());
    }
    passes_as(&session, Stat::PassForm, &get(&[b'k'; 251]));
}

#[test]
fn other_protocols() {
    let session = filled();
    // IPv6, ARP, a length instead of a type, a tag
    for ethertype in [[0x86, 0xdd], [0x08, 0x06], [0, 60], [0x88, 0xa8], [0x81, 0]] {
        passes_with(&session, |frame| frame[12..14].copy_from_slice(&ethertype));
    }
    for protocol in (0..=255).filter(|protocol| *protocol != 17) {
        passes_with(&session, |frame| frame[23] = protocol);
    }
    for port in [0, 11_210, 11_212, 53] {
        let mut request = Datagram::request(&get_text(b"key"));
        request.to.port = port;
        passes(&session, Packet::new(&request.bytes()));
    }
    let mut request = Datagram::request(&get_text(b"key"));
    request.from.port = 0;
    passes_as(&session, Stat::PassForm, &request.bytes());
    // From the port, not to it.
    (request.from, request.to) = (SERVER, CLIENT);
    passes(&session, Packet::new(&request.bytes()));
    for len in [0, 40, 1400] {
        passes(&session, Packet::new(&tcp(&pattern(len))));
    }
}

#[test]
fn ip_versions() {
    let session = filled();
    for first in (0..=255).filter(|first| *first != 0x45) {
        passes_with(&session, |frame| frame[14] = first);
    }
}

#[test]
fn fragments() {
    let session = filled();
    // More fragments; every offset, with and without; "do not fragment" alone is none
    let with = |flags: u16| {
        let before = counted(Stat::PassFragment);
        passes_with(&session, |frame| frame[20..22].copy_from_slice(&flags.to_be_bytes()));
        assert_eq!(counted(Stat::PassFragment) - before, 1);
    };
    [0x2000, 0x6000, 0xa000].into_iter().for_each(with);
    for offset in 1..0x2000u16 {
        [0, 0x2000, 0x4000].into_iter().for_each(|flags| with(offset | flags));
    }
    let request = Datagram { flags: 0, ..Datagram::request(&get_text(b"key")) };
    answers(&session, &request.bytes(), &answer(b"key", b"value"));
}

#[test]
fn lengths_that_disagree() {
    let session = filled();
    let frame = get(b"key");
    let (ip_len, udp_len) = ((frame.len() - 14) as u16, (frame.len() - 34) as u16);
    for len in (0..=u16::MAX).filter(|len| *len != ip_len) {
        passes_with(&session, |frame| frame[16..18].copy_from_slice(&len.to_be_bytes()));
    }
    for len in (0..=u16::MAX).filter(|len| *len != udp_len) {
        passes_with(&session, |frame| frame[38..40].copy_from_slice(&len.to_be_bytes()));
    }
    // Both alike, but shorter than the text or longer than the frame.
    for udp in (0..2000u16).filter(|len| *len != udp_len) {
        passes_with(&session, |frame| {
            frame[16..18].copy_from_slice(&(udp + 20).to_be_bytes());
            frame[38..40].copy_from_slice(&udp.to_be_bytes());
        });
    }
}

#[test]
fn requests_in_several_datagrams() {
    let session = filled();
    for at in 44..50 {
        for wrong in [1, 2, 0x80, 0xff] {
            passes_with(&session, |frame| frame[at] ^= wrong);
        }
    }
}

#[test]
fn not_from_one_to_one() {
    let session = filled();
    for mac in [[0xff; 6], [1, 0, 0x5e, 0, 0, 9], [0x33, 0x33, 0, 0, 0, 1]] {
        passes_with(&session, |frame| frame[..6].copy_from_slice(&mac));
    }
    let nobody = [[224, 0, 0, 1], [239, 255, 255, 255], [240, 0, 0, 1], [255; 4], [0; 4]];
    for ip in nobody.into_iter().chain([[127, 0, 0, 1]]) {
        passes_with(&session, |frame| frame[26..30].copy_from_slice(&ip));
        passes_with(&session, |frame| frame[30..34].copy_from_slice(&ip));
    }
    let mapped = [&[0; 10][..], &[0xff, 0xff, 192, 168, 7, 9]].concat();
    let group = [&[0xff, 2][..], &[0; 13], &[1]].concat();
    let loopback = [&[0; 15][..], &[1]].concat();
    for ip in [&mapped, &group, &loopback, &vec![0; 16]] {
        let ip: [u8; 16] = ip[..].try_into().expect("16 bytes");
        let mut request = Datagram::request6(&get_text(b"key"));
        request.to.ip = ip.into();
        passes_as(&session, Stat::PassForm, &request.bytes());
        let mut request = Datagram::request6(&get_text(b"key"));
        request.from.ip = ip.into();
        passes_as(&session, Stat::PassForm, &request.bytes());
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
    assert_eq!(counts(Stat::PassFragment, || passes(&session, packet)), 1);
    let long = [frame.clone(), vec![0; 9]].concat();
    let mut packet = Packet::new(&long).with_linear(frame.len());
    packet.frags = true;
    assert_eq!(counts(Stat::PassFragment, || passes(&session, packet)), 1);
}

#[test]
fn frames_cut_anywhere() {
    let session = filled();
    let options = vec![1; 12];
    let vlan = Some([0x81, 0, 0, 5]);
    for request in [
        Datagram::request(&get_text(b"key")),
        Datagram::request(&get_text(b"absent")),
        Datagram { options, ..Datagram::request(&get_text(b"key")) },
        Datagram { vlan, ..Datagram::request(&get_text(b"key")) },
        Datagram::request6(&get_text(b"key")),
        Datagram { vlan, ..Datagram::request6(&get_text(b"key")) },
    ] {
        let whole = request.bytes();
        for len in 0..whole.len() {
            passes(&session, Packet::new(&whole[..len]));
        }
    }
}

#[test]
fn when_it_is_off() {
    let session = filled();
    let meta = meta::get();
    for other in [state::OFF, state::TRACK, 7] {
        meta.state.store(other, Relaxed);
        passes_as(&session, Stat::PassOff, &get(b"key"));
    }
    meta.state.store(state::RUN, Relaxed);
    session.set_generation(rex::program::generation() + 1);
    passes_as(&session, Stat::PassOff, &get(b"key"));
    meta.generation.store(rex::program::generation(), Relaxed);
    meta.quiet_from.store(meta::now(), Relaxed);
    passes_as(&session, Stat::PassOff, &get(b"key"));
    meta.quiet_from.store(meta::now() + 1, Relaxed);
    answers(&session, &get(b"key"), &answer(b"key", b"value"));
    meta.epoch.fetch_add(1, Relaxed);
    passes_as(&session, Stat::Misses, &get(b"key"));
    meta.udp_port.store(1, Relaxed);
    passes(&session, Packet::new(&get(b"key")));
}
