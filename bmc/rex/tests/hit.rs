// SPDX-License-Identifier: GPL-2.0-only
//! What is in the cache is answered, byte for byte as memcached would.

use super::frames::*;
use super::*;

#[test]
fn miss_passes() {
    let session = start();
    passes_as(&session, Stat::Misses, &get(b"key"));
}

#[test]
fn hit_is_the_exact_reply() {
    let session = start();
    assert_eq!(counts(Stat::Fills, || put(b"key", b"value")), 1);
    // Spelled out once.
    let (verdict, frame) = run(&session, &get(b"key"));
    assert_eq!(verdict, XdpVerdict::Tx);
    assert_eq!(frame[..14], [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0], "addresses swapped");
    assert_eq!(frame[14..16], [0x45, 0], "type of service: none");
    assert_eq!(frame[16..18], [0, 63], "length of the packet");
    assert_eq!(frame[20..22], [0, 0], "may be fragmented");
    assert_eq!(frame[22..24], [64, 17], "TTL and protocol");
    assert_eq!(frame[26..34], [192, 168, 7, 9, 10, 1, 2, 3], "addresses swapped");
    assert_eq!(frame[34..38], [0x2b, 0xcb, 0x9c, 0xbb], "ports swapped");
    assert_eq!(frame[38..40], [0, 43], "length of the datagram");
    assert_eq!(sum(&frame[14..34]), 0xffff, "checksum of the IP header");
    let pseudo = [&frame[26..34], &[0, 17, 0, 43]].concat();
    assert_eq!(sum(&[&pseudo[..], &frame[34..]].concat()), 0xffff, "checksum of the datagram");
    assert_eq!(frame[42..50], [0xbe, 0xef, 0, 0, 0, 1, 0, 0], "frame header");
    assert_eq!(&frame[50..], b"VALUE key 5 5\r\nvalue\r\nEND\r\n");
    // And as a whole, twice.
    assert_eq!(counts(Stat::Hits, || answers(&session, &get(b"key"), &frame)), 1);
    assert_eq!(frame, answer(b"key", b"value"));
}

#[test]
fn keys_and_values_of_all_lengths() {
    let session = start();
    for key_len in [1, 2, 7, 8, 9, 16, 31, 64, 249, 250] {
        let key = &vec![b'k'; key_len][..];
        for value_len in 0..=1400 {
            // Not aligned, not of one length with the one before.
            let value = &pattern(value_len)[..];
            if value_text(key, value).len() <= 1392 {
                put(key, value);
                answers(&session, &get(key), &answer(key, value));
            } else {
                assert_eq!(try_put(key, value), Err(Refused::Length), "{key_len}, {value_len}");
            }
        }
    }
}

#[test]
fn a_later_value_replaces_the_one_before() {
    let session = start();
    for value in [&b"one"[..], b"three", b"", b"2", b"3"] {
        put(b"key", value);
        answers(&session, &get(b"key"), &answer(b"key", value));
    }
}

#[test]
fn values_may_hold_anything() {
    let session = start();
    let all: Vec<u8> = (0..=255).collect();
    for value in [&b"\r\nEND\r\n"[..], b"VALUE key 5 1\r\nx", b"get key\r\n", b"\0\0\0", &all] {
        put(b"key", value);
        answers(&session, &get(b"key"), &answer(b"key", value));
    }
    let key: Vec<u8> = (b'!'..=255).filter(|byte| *byte != 0x7f).collect();
    put(&key, &all);
    answers(&session, &get(&key), &answer(&key, &all));
}

#[test]
fn checksums_of_replies_are_right_for_all() {
    let session = start();
    for len in [4, 5] {
        put(b"key", &pattern(len));
        let mut request = Datagram::request(&get_text(b"key"));
        for id in 0..=u16::MAX {
            let [a, b] = id.to_be_bytes();
            request.frame = [a, b, 0, 0, 0, 1, 0, 0];
            (request.id, request.ttl, request.tos) = (!id, a, b);
            let reply = request.reply(&value_text(b"key", &pattern(len)));
            answers(&session, &request.bytes(), &reply.bytes());
        }
    }
}

#[test]
fn padding_of_ethernet_is_no_text() {
    let session = start();
    put(b"k", b"");
    for padding in [1, 2, 3, 9, 20, 21, 22, 100] {
        let request = [get(b"k"), vec![0xee; padding]].concat();
        answers(&session, &request, &answer(b"k", b""));
    }
}

#[test]
fn vlans() {
    let session = start();
    put(b"key", b"value");
    meta::get().vlans.store(1, Relaxed);
    for id in [5u16, 4095, 64] {
        let word = 1u64 << (id % 64);
        assert!(crate::packet::BMC_VLANS.set(u32::from(id / 64), word));
    }
    // The server's address is one of VLAN 5, too
    session.add_local_address(IpAddr::from([192, 168, 7, 5]), 5);
    for tag in [[0x81, 0, 0xe0, 5], [0x88, 0xa8, 0, 5]] {
        let mut request = Datagram::request(&get_text(b"key"));
        request.vlan = Some(tag);
        passes_as(&session, Stat::PassAddress, &request.bytes());
        request.to.ip = IpAddr::from([192, 168, 7, 5]);
        add_socket(&session, SOCKET, request.to.ip);
        answers(&session, &request.bytes(), &request.reply(&value_text(b"key", b"value")).bytes());
        request.vlan = None;
        passes_as(&session, Stat::PassAddress, &request.bytes());
        add_socket(&session, SOCKET, SERVER.ip);
    }
    let mut request = Datagram::request(&get_text(b"key"));
    for id in [6u8, 0, 63] {
        request.vlan = Some([0x81, 0, 0, id]);
        passes_as(&session, Stat::PassVlan, &request.bytes());
    }
    meta::get().vlans.store(0, Relaxed);
    request.vlan = Some([0x81, 0, 0, 5]);
    passes_as(&session, Stat::PassVlan, &request.bytes());
    // Two tags
    let frame = [&get(b"key")[..12], &[0x81, 0, 0, 5, 0x81, 0, 0, 5], &get(b"key")[12..]].concat();
    passes(&session, Packet::new(&frame));
}

#[test]
fn ipv6() {
    let session = start();
    for value_len in [0, 5, 1000, 1194, 1195] {
        put(b"key", &pattern(value_len));
        let request = Datagram::request6(&get_text(b"key"));
        let reply = request.reply(&value_text(b"key", &pattern(value_len)));
        if reply.bytes().len() - 14 <= 1280 {
            answers(&session, &request.bytes(), &reply.bytes());
        } else {
            assert_eq!(value_len, 1195);
            passes_as(&session, Stat::PassRoom, &request.bytes());
        }
    }
    put(b"key", b"value");
    for check in [Check::Wrong, Check::None] {
        let request = Datagram { check, ..Datagram::request6(&get_text(b"key")) };
        passes_as(&session, Stat::PassChecksum, &request.bytes());
    }
    let request = Datagram { check: Check::Partial, ..Datagram::request6(&get_text(b"key")) };
    answers(&session, &request.bytes(), &request.reply(&value_text(b"key", b"value")).bytes());
    // Other versions, other next headers, payload of another length
    let whole = Datagram::request6(&get_text(b"key")).bytes();
    for (at, bit) in [(14, 0x10), (14, 0x20), (20, 1), (20, 0x10), (20, 0x11)] {
        let mut frame = whole.clone();
        frame[at] ^= bit;
        passes(&session, Packet::new(&frame));
    }
    for len in (0..=u16::MAX).filter(|len| *len != whole.len() as u16 - 54) {
        let mut frame = whole.clone();
        frame[18..20].copy_from_slice(&len.to_be_bytes());
        passes(&session, Packet::new(&frame));
    }
}

#[test]
fn options_of_ipv4() {
    let session = start();
    put(b"key", b"value");
    let longest = [&[7, 39, 4][..], &[0; 37]].concat();
    let good: [&[u8]; 9] = [
        &[1; 4],
        &[1; 40],
        &[0; 4],
        &[148, 4, 0, 0],
        &[1, 7, 3, 4],
        &[7, 7, 4, 9, 9, 9, 9, 0],
        &[7, 7, 8, 9, 9, 9, 9, 0],
        &[0, 137, 137, 137],
        &longest,
    ];
    for options in good {
        let options = options.to_vec();
        let request = Datagram { options, ..Datagram::request(&get_text(b"key")) };
        let reply = request.reply(&value_text(b"key", b"value"));
        answers(&session, &request.bytes(), &reply.bytes());
    }
    // Source routes, time stamps, security, unknown ones, too long, too short, a bad pointer
    let bad: [&[u8]; 11] = [
        &[131, 3, 4, 0],
        &[137, 3, 4, 0],
        &[68, 4, 5, 0],
        &[134, 4, 0, 0],
        &[2, 2, 0, 0],
        &[7, 5, 4, 0],
        &[7, 2, 4, 0],
        &[7, 0, 4, 0],
        &[7, 4, 3, 0],
        &[1, 1, 1, 7],
        &[148, 3, 0, 0],
    ];
    for options in bad {
        let options = options.to_vec();
        let request = Datagram { options, ..Datagram::request(&get_text(b"key")) };
        passes_as(&session, Stat::PassForm, &request.bytes());
    }
}

#[test]
fn checksums_of_requests() {
    let session = start();
    put(b"key", b"value");
    let request = |check| Datagram { check, ..Datagram::request(&get_text(b"key")) };
    for check in [Check::Right, Check::None, Check::Partial] {
        answers(&session, &request(check).bytes(), &answer(b"key", b"value"));
    }
    passes_as(&session, Stat::PassChecksum, &request(Check::Wrong).bytes());
    // Every single bit of it, and of what it covers.
    let whole = get(b"key");
    for bit in 14 * 8..whole.len() * 8 {
        let mut frame = whole.clone();
        frame[bit / 8] ^= 1 << (bit % 8);
        passes(&session, Packet::new(&frame));
    }
}

#[test]
fn a_key_is_not_its_beginning() {
    let session = start();
    let key: Vec<u8> = (0..250).map(|i| b'a' + (i % 26) as u8).collect();
    for len in 1..=250 {
        put(&key[..len], format!("{len}").as_bytes());
        let set = (1..=250).filter(|l| {
            let (verdict, frame) = run(&session, &get(&key[..*l]));
            let expected = answer(&key[..*l], format!("{l}").as_bytes());
            assert!(verdict == XdpVerdict::Pass || *l <= len && frame == expected);
            verdict == XdpVerdict::Tx
        });
        assert_eq!(set.count(), len);
    }
}

#[test]
fn without_room_behind_it_grows_in_front() {
    let session = start();
    for (key, value_len) in [(&b"k"[..], 0), (b"key", 5), (&[b'k'; 250], 1000), (b"key", 1350)] {
        let value = pattern(value_len);
        put(key, &value);
        let request = get(key);
        // A frame that ends where its buffer does.
        let mut packet = Packet::new(&vec![0x55; 3520]);
        packet.mac = SERVER.mac;
        let verdict = session.run_xdp(
            |ctx| {
                ctx.adjust_head((3520 - request.len()) as i32).expect("room");
                ctx.data_mut().copy_from_slice(&request);
                assert!(ctx.adjust_tail(1).is_err());
                ingress(ctx)
            },
            &mut packet,
        );
        assert_eq!(verdict, Ok(XdpVerdict::Tx));
        assert_eq!(packet.bytes(), answer(key, &value));
    }
}

#[test]
fn room_is_given_back() {
    let session = start();
    for len in [1, 57, 300] {
        let frame: Vec<u8> = pattern(len + 14);
        for more in [0, 1, 13, 300, 1385] {
            for in_front in [false, true] {
                let filler = if in_front { 3520 - frame.len() } else { 0 };
                let mut packet = Packet::new(&[vec![0x55; filler], frame.clone()].concat());
                let run = |ctx: &mut Xdp<'_>| {
                    ctx.adjust_head(filler as i32).expect("room");
                    let room = crate::room::Room::up_to(ctx, frame.len() + more).expect("room");
                    assert_eq!(ctx.data().len(), frame.len() + more);
                    assert_eq!(ctx.data()[..frame.len()], frame);
                    ctx.data_mut()[frame.len()..].fill(0xaa);
                    room.give_back(ctx, frame.len());
                    XdpVerdict::Pass
                };
                assert_eq!(session.run_xdp(run, &mut packet), Ok(XdpVerdict::Pass));
                assert_eq!(packet.bytes(), frame);
            }
        }
    }
}
