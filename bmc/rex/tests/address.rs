// SPDX-License-Identifier: GPL-2.0-only
//! Only what the kernel would give to the server is answered.

use super::frames::*;
use super::*;
use rex::time::NS_PER_SEC;
use std::net::Ipv4Addr;

/// A request for `key`, which is there, to that address.
fn to(ip: [u8; 4]) -> Datagram {
    let mut request = Datagram::request(&get_text(b"key"));
    request.to.ip = IpAddr::from(ip);
    request
}

#[track_caller]
fn answered(session: &Session, request: &Datagram) {
    let reply = request.reply(&value_text(b"key", b"value"));
    answers(session, &request.bytes(), &reply.bytes());
}

#[track_caller]
fn not_ours(session: &Session, request: &Datagram) {
    passes_as(session, Stat::PassAddress, &request.bytes());
}

#[test]
fn others() {
    let session = filled();
    answered(&session, &to([192, 168, 7, 9]));
    for i in 0..40 {
        not_ours(&session, &to([192, 168, 9, i]));
    }
    answered(&session, &to([192, 168, 7, 9]));
    // Of this machine, but no socket is there; a socket is there, but not of this machine
    session.add_local_address(IpAddr::from([192, 168, 7, 10]), 0);
    not_ours(&session, &to([192, 168, 7, 10]));
    let elsewhere = IpAddr::from([192, 168, 7, 11]);
    add_socket(&session, SOCKET, elsewhere);
    session.set_time_ns(3 * NS_PER_SEC);
    not_ours(&session, &to([192, 168, 7, 11]));
    // Another's socket
    add_socket(&session, SOCKET + 7, IpAddr::from([192, 168, 7, 10]));
    not_ours(&session, &to([192, 168, 7, 10]));
}

#[test]
fn from_itself() {
    let session = filled();
    for mut request in [Datagram::request(&get_text(b"key")), Datagram::request6(&get_text(b"key"))]
    {
        answered(&session, &request);
        request.from.ip = request.to.ip;
        not_ours(&session, &request);
    }
}

/// A request for `key` that says it is from that address.
fn from(ip: [u8; 4]) -> Datagram {
    let mut request = Datagram::request(&get_text(b"key"));
    request.from.ip = IpAddr::from(ip);
    request
}

fn set_broadcasts(addresses: &[[u8; 4]]) {
    let mut bits = 0;
    for i in 0..64 {
        let address = addresses.get(i).map_or(0, |ip| u32::from_be_bytes(*ip));
        assert!(crate::packet::BMC_BROADCASTS.set(i as u32, address));
        bits |=
            if address == u32::MAX { u64::MAX } else { u64::from(address != 0) << (address & 63) };
    }
    crate::meta::get().broadcasts.store(bits, Relaxed);
}

#[test]
fn from_broadcast_addresses() {
    let session = filled();
    answered(&session, &from([192, 168, 7, 255]));
    set_broadcasts(&[[192, 168, 7, 255], [10, 1, 2, 131]]);
    not_ours(&session, &from([192, 168, 7, 255]));
    not_ours(&session, &from([10, 1, 2, 131]));
    // The same lowest bits
    answered(&session, &from([192, 168, 6, 255]));
    answered(&session, &from([10, 1, 2, 3]));
    answered(&session, &from([192, 168, 7, 254]));
    // Those of groups, of all, of nobody are none of a list.
    for first in [0, 127, 224, 239, 240, 255] {
        passes_as(&session, Stat::PassForm, &from([first, 168, 7, 200]).bytes());
    }
    // More than there is room for: nobody with such bits is answered.
    set_broadcasts(&[[255; 4]]);
    not_ours(&session, &from([192, 168, 6, 254]));
    set_broadcasts(&[]);
    answered(&session, &from([192, 168, 7, 255]));
}

#[test]
fn another_mac() {
    let session = filled();
    answered(&session, &to([192, 168, 7, 9]));
    let mut request = to([192, 168, 7, 9]);
    request.to.mac[5] ^= 4;
    let mut packet = Packet::new(&request.bytes());
    packet.mac = SERVER.mac;
    assert_eq!(counts(Stat::PassAddress, || passes(&session, packet)), 1);
    // An interface that has that address.
    session.set_time_ns(2 * NS_PER_SEC);
    answered(&session, &request);
    answered(&session, &to([192, 168, 7, 9]));
}

#[test]
fn a_change_is_seen_within_a_second() {
    let session = filled();
    answered(&session, &to([192, 168, 7, 9]));
    session.remove_socket(SOCKET);
    // As long as it was known.
    session.set_time_ns(NS_PER_SEC / 2);
    answered(&session, &to([192, 168, 7, 9]));
    session.set_time_ns(NS_PER_SEC + NS_PER_SEC / 8);
    not_ours(&session, &to([192, 168, 7, 9]));
    add_socket(&session, SOCKET, SERVER.ip);
    not_ours(&session, &to([192, 168, 7, 9]));
    session.set_time_ns(3 * NS_PER_SEC);
    answered(&session, &to([192, 168, 7, 9]));
    // At once.
    crate::address::forget_sockets();
    not_ours(&session, &to([192, 168, 7, 9]));
    crate::address::server_socket(SOCKET);
    answered(&session, &to([192, 168, 7, 9]));
}

#[test]
fn strangers_do_not_drive_out_what_is_ours() {
    let session = filled();
    let ours: Vec<[u8; 4]> = (0..15).map(|i| [10, 0, 0, i]).collect();
    add_socket(&session, SOCKET, IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let mut now = NS_PER_SEC;
    for ip in &ours {
        session.add_local_address(IpAddr::from(*ip), 0);
        now += NS_PER_SEC / 2;
        session.set_time_ns(now);
        ours.iter().take_while(|other| *other <= ip).for_each(|ip| answered(&session, &to(*ip)));
    }
    // More of them in a moment than are looked up: those that are ours are known.
    for i in 0..2000u16 {
        let [a, b] = i.to_be_bytes();
        not_ours(&session, &to([10, 9, a, b]));
        answered(&session, &to(ours[usize::from(i) % ours.len()]));
    }
    // And are looked up again at their time, whatever the others do.
    now += 2 * NS_PER_SEC;
    session.set_time_ns(now);
    (0..100).for_each(|i| not_ours(&session, &to([10, 9, 9, i])));
    ours.iter().for_each(|ip| answered(&session, &to(*ip)));
}
