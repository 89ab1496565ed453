// SPDX-License-Identifier: GPL-2.0-only
//! Readers and writers at the same time, on two threads.

use super::frames::*;
use super::*;
use crate::cache;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

const TIME: Duration = Duration::from_millis(300);
/// On a busy machine, until there is a hit.
const MOST: Duration = Duration::from_secs(20);

/// Values that differ in every byte and in length; a mixture is none of them.
fn values() -> Vec<Vec<u8>> {
    [(b'a', 1340), (b'b', 1200), (b'c', 1337), (b'd', 700)]
        .map(|(byte, len)| vec![byte; len])
        .to_vec()
}

/// Asks for `key` while `write` runs again and again: each answer is whole or none.
fn read_while(session: &Session, key: &[u8], write: impl Fn(usize) + Sync) {
    let request = get(key);
    let answers: Vec<_> = values().iter().map(|value| answer(key, value)).collect();
    let done = AtomicBool::new(false);
    let (mut hits, mut passed) = (0u64, 0u64);
    thread::scope(|scope| {
        scope.spawn(|| (0..).take_while(|_| !done.load(Relaxed)).for_each(&write));
        let begin = Instant::now();
        let goes_on = |hits| begin.elapsed() < if hits > 0 { TIME } else { MOST };
        let mut wrong = None;
        while wrong.is_none() && goes_on(hits) {
            match run(session, &request) {
                (XdpVerdict::Tx, frame) if answers.contains(&frame) => hits += 1,
                (XdpVerdict::Pass, frame) if frame == request => passed += 1,
                (_, frame) => wrong = Some(frame),
            }
        }
        done.store(true, Relaxed);
        assert!(wrong.is_none(), "torn: {}", wrong.unwrap_or_default().escape_ascii());
    });
    println!("{hits} hits, {passed} passed");
    assert!(hits > 0, "no hit in {MOST:?}");
}

#[test]
fn replies_are_whole_while_others_fill() {
    let session = Session::new();
    let frames: Vec<_> = values().iter().map(|value| reply(b"key", value)).collect();
    sends(&session, Packet::new(&frames[0]));
    read_while(&session, b"key", |i| {
        let mut packet = Packet::new(&frames[i % frames.len()]);
        assert_eq!(session.run_tc(egress, &mut packet), Ok(TcVerdict::Unspec));
    });
}

#[test]
fn replies_are_whole_while_others_take_over() {
    let session = Session::new();
    let texts: Vec<_> = values().iter().map(|value| value_text(b"key", value)).collect();
    let parsed: Vec<_> =
        texts.iter().map(|text| crate::proto::value_reply(text).expect("a reply")).collect();
    // resume_unwind: a panic without a message for each
    let cut = || std::panic::resume_unwind(Box::new(()));
    cache::fill(&parsed[0]).expect("filled");
    read_while(&session, b"key", |i| {
        if i % 8 == 0 {
            let cut = |_: &mut Tc<'_>| {
                cache::write(b"key", |_| cut());
                TcVerdict::Ok
            };
            assert!(session.run_tc(cut, &mut Packet::new(&[0; 60])).is_err());
        } else {
            cache::fill(&parsed[i % parsed.len()]).expect("taken over");
        }
    });
}
