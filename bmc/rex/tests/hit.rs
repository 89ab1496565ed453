// SPDX-License-Identifier: GPL-2.0-only
//! What is in the cache is answered, byte for byte as memcached would.

use super::frames::*;
use super::*;
use crate::cache;

#[test]
fn miss_passes() {
    let session = Session::new();
    assert_eq!(counts(Stat::Misses, || passes(&session, Packet::new(&get(b"key")))), 1);
}

#[test]
fn hit_is_the_exact_reply() {
    let session = Session::new();
    assert_eq!(counts(Stat::Fills, || sends(&session, Packet::new(&reply(b"key", b"value")))), 1);
    // Spelled out once.
    let (verdict, frame) = run(&session, &get(b"key"));
    assert_eq!(verdict, XdpVerdict::Tx);
    assert_eq!(frame[..14], [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0], "addresses swapped");
    assert_eq!(frame[26..34], [192, 168, 7, 9, 10, 1, 2, 3], "addresses swapped");
    assert_eq!(frame[34..38], [0x2b, 0xcb, 0x9c, 0xbb], "ports swapped");
    assert_eq!(frame[16..18], [0, 63], "length of the packet");
    assert_eq!(frame[38..40], [0, 43], "length of the datagram");
    assert_eq!(sum(&frame[14..34]), 0xffff, "checksum of the IP header");
    assert_eq!(frame[40..42], [0, 0], "no checksum");
    assert_eq!(frame[42..50], [0xbe, 0xef, 0, 0, 0, 1, 0, 0], "frame header");
    assert_eq!(&frame[50..], b"VALUE key 5 5\r\nvalue\r\nEND\r\n");
    // And as a whole, twice.
    assert_eq!(counts(Stat::Hits, || answers(&session, &get(b"key"), &frame)), 1);
    assert_eq!(frame, answer(b"key", b"value"));
}

#[test]
fn keys_and_values_of_all_lengths() {
    let session = Session::new();
    for key_len in [1, 2, 7, 8, 9, 16, 31, 64, 249, 250] {
        let key = &vec![b'k'; key_len][..];
        for value_len in 0..=1400 {
            // Not aligned, not of one length with the one before.
            let value = &pattern(value_len)[..];
            let fits = value_text(key, value).len() <= 1392;
            let filled = counts(Stat::Fills, || sends(&session, Packet::new(&reply(key, value))));
            assert_eq!(filled, u64::from(fits), "key {key_len}, value {value_len}");
            if fits {
                answers(&session, &get(key), &answer(key, value));
            }
        }
    }
}

#[test]
fn a_reply_too_long_leaves_the_one_before() {
    // memcached has the new value only after a SET, which has invalidated the old one.
    let session = Session::new();
    sends(&session, Packet::new(&reply(b"key", b"old")));
    passes(&session, Packet::new(&tcp(0, &set_text(b"key", &pattern(1400)))));
    sends(&session, Packet::new(&reply(b"key", &pattern(1400))));
    passes(&session, Packet::new(&get(b"key")));
}

#[test]
fn a_later_reply_replaces_the_one_before() {
    let session = Session::new();
    for value in [&b"one"[..], b"three", b"", b"2"] {
        sends(&session, Packet::new(&reply(b"key", value)));
        answers(&session, &get(b"key"), &answer(b"key", value));
    }
}

#[test]
fn values_may_hold_anything() {
    let session = Session::new();
    let all: Vec<u8> = (0..=255).collect();
    for value in [&b"\r\nEND\r\n"[..], b"VALUE key 5 1\r\nx", b"get key\r\n", b"\0\0\0", &all] {
        sends(&session, Packet::new(&reply(b"key", value)));
        answers(&session, &get(b"key"), &answer(b"key", value));
    }
    let key: Vec<u8> = (b'!'..=255).collect();
    sends(&session, Packet::new(&reply(&key, &all)));
    answers(&session, &get(&key), &answer(&key, &all));
}

#[test]
fn ip_checksum_is_right_for_every_header() {
    let session = Session::new();
    sends(&session, Packet::new(&reply(b"key", b"value")));
    let text = value_text(b"key", b"value");
    for id in 0..=u16::MAX {
        // Every checksum, and every TTL with some of them.
        let request = udp(CLIENT, SERVER, id, (id >> 3) as u8, 0, &get_text(b"key"));
        answers(&session, &request, &udp(SERVER, CLIENT, id, 64, 0, &text));
    }
}

#[test]
fn a_wrong_ip_checksum_stays_wrong() {
    let session = Session::new();
    sends(&session, Packet::new(&reply(b"key", b"value")));
    let mut request = get(b"key");
    request[IP + 11] ^= 0x20;
    let (_, frame) = run(&session, &request);
    assert_eq!(sum(&frame[IP..L4]), sum(&request[IP..L4]));
    assert_ne!(sum(&frame[IP..L4]), 0xffff);
}

#[test]
fn request_ids_are_kept() {
    let session = Session::new();
    sends(&session, Packet::new(&reply(b"key", b"value")));
    for id in [[0, 0], [0, 1], [0xff, 0xff], *b"\r\n"] {
        let (mut request, mut expected) = (get(b"key"), answer(b"key", b"value"));
        request[FRAME..FRAME + 2].copy_from_slice(&id);
        expected[FRAME..FRAME + 2].copy_from_slice(&id);
        answers(&session, &request, &expected);
    }
}

#[test]
fn padding_of_ethernet_is_no_text() {
    let session = Session::new();
    sends(&session, Packet::new(&reply(b"k", b"")));
    for padding in 1..=(answer(b"k", b"").len() - get(b"k").len()) {
        let request = [get(b"k"), vec![0xee; padding]].concat();
        answers(&session, &request, &answer(b"k", b""));
    }
    // More of it than the reply is long: memcached answers.
    passes(&session, Packet::new(&[get(b"k"), vec![0; 100]].concat()));
    // Behind a reply, too.
    sends(&session, Packet::new(&[reply(b"k", b"padded"), vec![b'x'; 9]].concat()));
    answers(&session, &get(b"k"), &answer(b"k", b"padded"));
}

#[test]
fn another_key_of_the_same_bucket_is_not_served() {
    let session = Session::new();
    let bucket = |key: &[u8]| cache::bucket(key).expect("a bucket");
    // As long as the other and much like it.
    let key = &b"key_00000000"[..];
    let other = (1..)
        .map(|i| format!("key_{i:08}").into_bytes())
        .find(|other| std::ptr::eq(bucket(other), bucket(key)))
        .expect("a key with the same bucket");
    sends(&session, Packet::new(&reply(key, b"value")));
    passes(&session, Packet::new(&get(&other)));
    answers(&session, &get(key), &answer(key, b"value"));
    // The later one is there, the former is not.
    sends(&session, Packet::new(&reply(&other, b"other value")));
    passes(&session, Packet::new(&get(key)));
    answers(&session, &get(&other), &answer(&other, b"other value"));
}

#[test]
fn keys_that_begin_alike_differ() {
    let session = Session::new();
    let key = pattern_key(250);
    for len in 1..=250 {
        sends(&session, Packet::new(&reply(&key[..len], format!("{len}").as_bytes())));
    }
    let answered = (1..=250).filter(|len| {
        let (verdict, frame) = run(&session, &get(&key[..*len]));
        let expected = answer(&key[..*len], format!("{len}").as_bytes());
        assert!(verdict == XdpVerdict::Pass || frame == expected);
        verdict == XdpVerdict::Tx
    });
    // A few of them may share a bucket.
    assert!(answered.count() > 240);
}

fn pattern_key(len: usize) -> Vec<u8> {
    (0..len).map(|i| b'a' + (i % 26) as u8).collect()
}

#[test]
fn without_room_behind_it_grows_in_front() {
    let session = Session::new();
    for (key, value_len) in [(&b"k"[..], 0), (b"key", 5), (&[b'k'; 250], 1000), (b"key", 1350)] {
        let value = pattern(value_len);
        sends(&session, Packet::new(&reply(key, &value)));
        let request = get(key);
        // A frame that ends where its buffer does.
        let mut packet = Packet::new(&vec![0x55; 3520]);
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
