// SPDX-License-Identifier: GPL-2.0-only
//! Texts in pages, on several threads and little room: no reader gets a mixture of two.

use super::*;
use crate::store::{BMC_PAGES, Text};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

const LEN: usize = 9_000;
/// On a busy machine.
const MOST: Duration = Duration::from_secs(10);

/// A text that says its number in every byte. Whether it was put in whole.
fn write(text: Text, number: u8) -> bool {
    let bytes = [number; 3000];
    (0..LEN).step_by(bytes.len()).all(|at| text.write(at, &bytes))
}

#[test]
fn in_their_order_and_no_further() {
    let session = start();
    session.set_max_entries(&BMC_PAGES, 22);
    // Other tests were here. The next one begins at page 1.
    while Text::take(1).expect("room").words()[1] >> 32 != 0 {}
    let text = Text::take(LEN).expect("room");
    assert!(write(text, 1));
    let mut bytes = vec![0; LEN];
    assert!(text.copy_to(0, &mut bytes) && bytes == [1; LEN] && text.is_there());
    assert!(text.copy_to(2031, &mut bytes[..2]) && text.copy_to(LEN, &mut []));
    assert!(!text.copy_to(1, &mut bytes) && !text.copy_to(LEN + 1, &mut []));
    assert!(!text.copy_to(usize::MAX, &mut bytes[..2]));
    assert!(!text.write(LEN - 1, b"xx") && !text.write(usize::MAX, b"xx"));
    assert_eq!(Text::take(0).err(), Text::take(12_000).err());
    // Whatever an entry says.
    for words in [[0, 0], [1, u64::MAX], [u64::MAX; 2], [7, 21 << 32 | 5000]] {
        let text = Text::from_words(words);
        assert_eq!(text.words(), words);
        text.refer();
        assert!(!text.copy_to(0, &mut bytes[..5000.min(text.len()).max(1)]));
    }
    // The next three do not touch it, but the fourth does.
    for n in 2..5 {
        assert!(write(Text::take(LEN).expect("room"), n));
        assert!(text.is_there());
    }
    let last = Text::take(LEN).expect("room");
    assert!(!text.is_there() && !text.copy_to(9, &mut bytes[..9]));
    assert!(!text.write(9, b"x"), "not ours any more");
    assert!(write(last, 9) && last.is_there());
}

#[test]
fn no_reader_gets_a_mixture() {
    let session = start();
    session.set_max_entries(&BMC_PAGES, 44);
    let newest = Mutex::new(Text::NONE);
    let done = AtomicBool::new(false);
    let (mut good, mut gone, mut wrong) = (0, 0, None);
    thread::scope(|scope| {
        for number in [1, 2] {
            let (newest, done) = (&newest, &done);
            scope.spawn(move || {
                let mut number: u8 = number;
                while !done.load(Relaxed) {
                    number = number.wrapping_add(2);
                    let Ok(text) = Text::take(LEN) else { continue };
                    if write(text, number) {
                        *newest.lock().expect("no panic") = text;
                    }
                }
            });
        }
        let (begin, mut bytes) = (Instant::now(), vec![0; LEN]);
        while (good < 2_000 || gone < 200) && begin.elapsed() < MOST && wrong.is_none() {
            let text = *newest.lock().expect("no panic");
            if good % 2 == 0 {
                thread::yield_now();
            }
            if !text.copy_to(0, &mut bytes) {
                gone += u32::from(text.is_some());
            } else if bytes.iter().any(|byte| *byte != bytes[0]) {
                wrong = Some(bytes[0]);
            } else {
                good += 1;
            }
        }
        done.store(true, Relaxed);
    });
    assert_eq!(wrong, None);
    println!("{good} read, {gone} gone");
    assert!(good >= 100, "{good} read, {gone} gone");
}
