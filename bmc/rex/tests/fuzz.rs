// SPDX-License-Identifier: GPL-2.0-only
//! Damaged frames: no fault, and no answer but a right one.

use super::frames::*;
use super::*;
use std::str;

const ROUNDS: u32 = 20_000;

/// A linear congruential generator: the same frames every time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    /// Some bytes of `frame` changed, one put in or taken out, or its end cut off.
    fn damage(&mut self, frame: &[u8]) -> Vec<u8> {
        let mut frame = frame.to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(frame.len());
            match self.below(8) {
                0 => frame[at] = self.below(256) as u8,
                1 => frame[at] = [0, 0xff, b' ', b'\r', b'\n'][self.below(5)],
                2 => frame.insert(at, self.below(256) as u8),
                3 if frame.len() > 1 => drop(frame.remove(at)),
                4 => frame.truncate(at.max(1)),
                // into the headers, where it matters
                5 => {
                    let at = self.below(frame.len().min(TEXT));
                    frame[at] ^= 1 << self.below(8);
                }
                _ => frame[at] ^= 1 << self.below(8),
            }
        }
        frame
    }
}

/// The text of a datagram to (or from) the server, if that is all the frame is.
fn text(frame: &[u8], to_server: bool) -> Option<&[u8]> {
    let word = |at: usize| Some(u16::from_be_bytes(*frame.get(at..)?.first_chunk()?));
    let ports = (word(L4)? == SERVER.port, word(L4 + 2)? == SERVER.port);
    let len = usize::from(word(L4 + 4)?);
    let plain = word(12)? == 0x0800
        && frame[IP] == 0x45
        && word(IP + 6)? & 0x3fff == 0
        && frame[IP + 9] == 17
        && if to_server { ports.1 } else { ports == (true, false) }
        && usize::from(word(IP + 2)?) == len + 20
        && frame.get(FRAME + 2..TEXT)? == [0, 0, 0, 1, 0, 0]
        && (!to_server || frame[0] & 1 == 0 && frame[IP + 16] < 224);
    if plain { frame.get(TEXT..L4 + len) } else { None }
}

/// What a request becomes: `frame` if there is no answer to it.
fn expected(frame: &[u8], key: &[u8], value: &[u8]) -> (XdpVerdict, Vec<u8>) {
    let end = TEXT + value_text(key, value).len();
    if text(frame, true) != Some(&get_text(key)[..]) || frame.len() > end {
        return (XdpVerdict::Pass, frame.to_vec());
    }
    let mut reply = frame[..TEXT].to_vec();
    reply[..6].copy_from_slice(&frame[6..12]);
    reply[6..12].copy_from_slice(&frame[..6]);
    reply[IP + 2..IP + 4].copy_from_slice(&((end - IP) as u16).to_be_bytes());
    reply[IP + 8] = 64;
    reply[IP + 12..IP + 16].copy_from_slice(&frame[IP + 16..IP + 20]);
    reply[IP + 16..IP + 20].copy_from_slice(&frame[IP + 12..IP + 16]);
    reply[L4..L4 + 2].copy_from_slice(&frame[L4 + 2..L4 + 4]);
    reply[L4 + 2..L4 + 4].copy_from_slice(&frame[L4..L4 + 2]);
    reply[L4 + 4..L4 + 6].copy_from_slice(&((end - L4) as u16).to_be_bytes());
    reply[L4 + 6..L4 + 8].fill(0);
    reply.extend(value_text(key, value));
    (XdpVerdict::Tx, reply)
}

/// Compares, but for the IP checksum, which must be as right or wrong as it was.
#[track_caller]
fn check(session: &Session, frame: &[u8], key: &[u8], value: &[u8]) -> XdpVerdict {
    let (verdict, mut got) = run(session, frame);
    let (expected_verdict, mut reply) = expected(frame, key, value);
    assert_eq!(verdict, expected_verdict, "{}", frame.escape_ascii());
    if verdict == XdpVerdict::Tx {
        assert_eq!(sum(&got[IP..L4]), sum(&frame[IP..L4]));
        got[IP + 10..IP + 12].fill(0);
        reply[IP + 10..IP + 12].fill(0);
    }
    assert_eq!(got, reply, "{}", frame.escape_ascii());
    verdict
}

#[test]
fn damaged_requests() {
    let session = Session::new();
    let mut random = Random(1);
    let mut hits = 0;
    for (key, value) in
        [(&b"k"[..], &b""[..]), (b"some_key", &pattern(100)), (b"long", &pattern(1300))]
    {
        sends(&session, Packet::new(&reply(key, value)));
        for _ in 0..ROUNDS {
            let frame = random.damage(&get(key));
            hits += u32::from(check(&session, &frame, key, value) == XdpVerdict::Tx);
        }
    }
    // Where it hurts nobody, in the checksum of UDP for one.
    assert!(hits > ROUNDS / 20, "{hits}");
}

/// Key, and what follows it, of a reply as it must be.
fn parse(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let line_end = text.windows(2).position(|pair| pair == b"\r\n")?;
    let line = text[..line_end].strip_prefix(b"VALUE ")?;
    let fields: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
    let [key, numbers @ ..] = &fields[..] else { return None };
    let number = |digits: &[u8]| {
        let digits = str::from_utf8(digits).ok().filter(|d| !d.starts_with('+'))?;
        digits.parse::<u32>().ok()
    };
    let [_flags, len] = numbers.iter().map(|n| number(n)).collect::<Option<Vec<_>>>()?[..] else {
        return None;
    };
    let ok = (1..=250).contains(&key.len())
        && key.iter().all(|byte| *byte > b' ')
        && text.len() == line_end + 2 + len as usize + 7
        && text.ends_with(b"\r\nEND\r\n");
    ok.then(|| (*key, &text[6 + key.len()..]))
}

#[test]
fn damaged_replies() {
    let session = Session::new();
    let mut random = Random(2);
    let mut fills = 0;
    let value = pattern(40);
    for _ in 0..ROUNDS {
        let frame = random.damage(&reply(b"key", &value));
        let good = text(&frame, false).and_then(parse);
        assert_eq!(
            counts(Stat::Fills, || sends(&session, Packet::new(&frame))),
            u64::from(good.is_some()),
            "{}",
            frame.escape_ascii()
        );
        if let Some((key, rest)) = good {
            fills += 1;
            let text = [b"VALUE ", key, rest].concat();
            answers(&session, &get(key), &udp(SERVER, CLIENT, 77, 64, 0, &text));
        }
    }
    assert!(fills > ROUNDS / 20, "{fills}");
}

#[test]
fn damaged_segments() {
    let session = Session::new();
    let mut random = Random(3);
    let text = [set_text(b"key", b"a value"), set_text(b"other", &pattern(100))].concat();
    let mut sets = 0;
    for round in 0..ROUNDS {
        let frame = random.damage(&tcp(round as usize % 11, &text));
        sets += counts(Stat::InvalSet, || {
            let (_, after) = run(&session, &frame);
            assert_eq!(after, frame, "{}", frame.escape_ascii());
        });
    }
    assert!(sets > u64::from(ROUNDS), "{sets}");
}

#[test]
fn noise() {
    let session = Session::new();
    let mut random = Random(4);
    for _ in 0..ROUNDS {
        let len = random.below(200);
        let frame: Vec<u8> = (0..len).map(|_| random.below(256) as u8).collect();
        passes(&session, Packet::new(&frame));
        sends(&session, Packet::new(&frame));
    }
}
