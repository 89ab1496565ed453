// SPDX-License-Identifier: GPL-2.0-only
//! The short way of the usual request and the long way do the same: the verdict, the frame and what
//! is counted, for random frames and damaged ones. And what a writer in between does to either.

use super::frames::*;
use super::fuzz::damage;
use super::*;
use crate::get::plain::{self, First};
use crate::{plain_long, stats};
use std::cell::Cell;

/// Frames in the tests of CI; "make test-bmc-ways" sets REX_FRAMES.
const FRAMES: u32 = 20_000;

/// What a frame comes to.
#[derive(Debug, PartialEq)]
struct Outcome {
    verdict: XdpVerdict,
    frame: Vec<u8>,
    counted: Vec<(Stat, u64)>,
}

fn outcome(session: &Session, mut packet: Packet, way: fn(&mut Xdp<'_>) -> XdpVerdict) -> Outcome {
    let before: Vec<u64> = stats::ALL.into_iter().map(counted).collect();
    let verdict = session.run_xdp(way, &mut packet).expect("no fault");
    let differs = |(which, before): (Stat, u64)| (which, counted(which) - before);
    let counted = stats::ALL.into_iter().zip(before).map(differs).filter(|(_, n)| *n != 0);
    Outcome { verdict, frame: packet.bytes().to_vec(), counted: counted.collect() }
}

thread_local! {
    /// How many requests took the short way to its end.
    static SHORT: Cell<u32> = const { Cell::new(0) };
}

fn short(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let before = ctx.data().to_vec();
    let result = match plain::look(ctx.data(), meta::get(), meta::now()) {
        First::Absent => Some(Err(Stat::Misses)),
        First::Perhaps(hint) => plain::answer(ctx, hint),
        First::NotFound(why) => plain::not_found(ctx, why),
        First::Other => None,
    };
    match result {
        Some(result) => {
            SHORT.set(SHORT.get() + 1);
            crate::verdict(result)
        }
        None => {
            assert_eq!(ctx.data(), before, "touched, and then sent the long way");
            plain_long(ctx)
        }
    }
}

fn is_plain(frame: &[u8]) -> bool {
    let port = SERVER.port;
    matches!(crate::packet::look(frame, port, meta::get()), crate::packet::Look::Plain)
}

/// Bytes of a key, mostly.
fn key(random: &mut Random) -> Vec<u8> {
    let len = match random.below(10) {
        0 => 1 + random.below(8),
        1 => 1 + random.below(250),
        2 => [7, 8, 9, 15, 16, 17, 31, 32, 33, 249, 250, 251][random.below(12)],
        _ => 8 + random.below(60),
    };
    (0..len).map(|_| 33 + random.below(94) as u8).collect()
}

/// A request for `key` in some spelling.
fn text(random: &mut Random, key: &[u8], other: &[u8]) -> Vec<u8> {
    match random.below(20) {
        0 => [b"get ", key, b" ", other, b"\r\n"].concat(),
        1 => [b"get  ", key, b"\r\n"].concat(),
        2 => [b"get ", key, b" \r\n"].concat(),
        3 => [b"get ", key, b"\n"].concat(),
        4 => [b"gets ", key, b"\r\n"].concat(),
        // What the value's text goes on with.
        5 => [b"get ", key, b" 5"].concat(),
        6 => [b"get ", &key[..key.len() - 1], b"\r\n"].concat(),
        7 => [b"get ", &block(key, b"x")[6..], b"\r\n"].concat(),
        _ => get_text(key),
    }
}

fn datagram(random: &mut Random, text: &[u8]) -> Datagram {
    let mut datagram = Datagram::request(text);
    datagram.check =
        [Check::Right, Check::Right, Check::None, Check::Partial, Check::Wrong][random.below(5)];
    datagram.id = random.next() as u16;
    datagram.from.port = random.next() as u16;
    datagram.frame[..2].copy_from_slice(&random.next().to_le_bytes()[..2]);
    match random.below(12) {
        0 => datagram.flags = random.next() as u16 & 0xe000,
        1 => datagram.ttl = random.next() as u8,
        2 => datagram.tos = random.next() as u8,
        3 => {
            datagram.from.ip = IpAddr::from([[0, 10, 127, 223, 224, 255][random.below(6)], 1, 2, 3])
        }
        4 => datagram.from.ip = datagram.to.ip,
        5 => datagram.to.ip = IpAddr::from([[10, 127, 224, 192][random.below(4)], 168, 7, 9]),
        6 => datagram.to.mac[random.below(6)] ^= 1 << random.below(8),
        7 => datagram.frame[2 + random.below(6)] ^= 1,
        8 => datagram.from.port = 0,
        _ => {}
    }
    datagram
}

/// A frame, and maybe damage at it: with the checksum of IP right again, so that other checks see it.
fn frame(random: &mut Random, datagram: &Datagram) -> Vec<u8> {
    let mut frame = datagram.bytes();
    if random.percent(20) {
        frame.resize(frame.len() + random.below(40), if random.percent(90) { 0 } else { 7 });
    }
    if random.percent(30) {
        frame = damage(random, &frame);
        if frame.len() >= 34 && random.percent(60) {
            seal(&mut frame);
        }
    }
    if frame.len() >= 54 && random.percent(20) {
        // A header that nothing but its own check would refuse.
        frame[14 + random.below(40)] ^= 1 << random.below(8);
        frame[40..42].fill(0);
        seal(&mut frame);
    }
    frame
}

#[test]
fn the_short_way_is_the_long_way() {
    let session = start();
    let frames = std::env::var("REX_FRAMES").map_or(FRAMES, |n| n.parse().expect("a number"));
    let mut random = Random::new(u64::from(frames));
    let keys: Vec<Vec<u8>> = (0..64).map(|_| key(&mut random)).collect();
    let (mut plain_frames, mut hits) = (0u32, 0u32);
    for round in 0..frames {
        session.set_time_ns(u64::from(round) << 27);
        let (one, other) = (&keys[random.below(64)], &keys[random.below(64)]);
        if round % 8 == 0 && one.len() <= 250 && candidate(hash(one)).is_some() {
            let len = [random.below(40), random.below(1400)][random.below(2)];
            let _ = try_put(one, &pattern(len));
        }
        if random.percent(1) {
            meta::get().state.store([state::OFF, state::TRACK][random.below(2)], Relaxed);
        }
        let text = text(&mut random, one, other);
        let datagram = datagram(&mut random, &text);
        let frame = frame(&mut random, &datagram);
        if is_plain(&frame) {
            let packet = || {
                let mut packet = Packet::new(&frame);
                packet.mac = SERVER.mac;
                packet.frags = round % 50 == 0;
                packet
            };
            let outcomes = [short, plain_long].map(|way| outcome(&session, packet(), way));
            let [short, long] = &outcomes;
            assert_eq!(short, long, "{}", frame.escape_ascii());
            assert!(!long.counted.is_empty());
            plain_frames += 1;
            hits += u32::from(short.verdict == XdpVerdict::Tx);
        }
        meta::get().state.store(state::RUN, Relaxed);
    }
    let short = SHORT.get();
    println!(
        "{frames} frames, {plain_frames} to the server, {hits} answered, {short} the short way"
    );
    assert!(plain_frames > frames / 2 && hits > frames / 16 && short > frames / 8);
}

/// Runs `ingress` on a frame that has room behind it or only in front: the verdict, and the frame.
fn run_in(session: &Session, frame: &[u8], in_front: bool) -> (XdpVerdict, Vec<u8>) {
    let filler = if in_front { 3520 - frame.len() } else { 0 };
    let mut packet = Packet::new(&[&vec![0; filler][..], frame].concat());
    packet.mac = SERVER.mac;
    let way = |ctx: &mut Xdp<'_>| {
        ctx.adjust_head(filler as i32).expect("room");
        ingress(ctx)
    };
    let verdict = session.run_xdp(way, &mut packet).expect("no fault");
    (verdict, packet.bytes().to_vec())
}

/// The value of `key` changes while it is copied: no answer, and the frame is as it came.
fn torn(session: &Session, key: &'static [u8], frame: &[u8], in_front: bool) {
    let busy = counts(Stat::PassBusy, || {
        crate::store::before_copy(move || put(key, b"other"));
        let (verdict, passed) = run_in(session, frame, in_front);
        assert_eq!(verdict, XdpVerdict::Pass);
        assert_eq!(passed.escape_ascii().to_string(), frame.escape_ascii().to_string());
    });
    assert_eq!(busy, 1, "{}", frame.escape_ascii());
    // The next one gets the new value.
    let (verdict, reply) = run_in(session, frame, in_front);
    assert_eq!(verdict, XdpVerdict::Tx);
    assert!(reply.windows(7).any(|bytes| bytes == b"other\r\n"));
}

#[test]
fn a_writer_in_between_gives_the_frame_back() {
    let session = start();
    let long: &[u8] = &[b'v'; 600];
    for key in
        [&b"k"[..], b"seven77", b"eight888", b"a_key_of_sixteen", b"a_key_of_thirty_bytes_and_more"]
    {
        let text = get_text(key);
        for request in [
            Datagram::request(&text),
            Datagram { check: Check::None, ..Datagram::request(&text) },
            Datagram { check: Check::Partial, ..Datagram::request(&text) },
            Datagram { options: vec![1; 8], ..Datagram::request(&text) },
            Datagram::request6(&text),
            Datagram::request(&[b"get ", key, b" ", key, b"\r\n"].concat()),
        ] {
            for (value, padding) in [(&b"value"[..], 0), (b"value", 3), (b"value", 60), (long, 0)] {
                for in_front in [false, true] {
                    put(key, value);
                    let mut frame = request.bytes();
                    frame.resize(frame.len() + padding, 0);
                    torn(&session, key, &frame, in_front);
                }
            }
        }
    }
}
