// SPDX-License-Identifier: GPL-2.0-only
//! What comes into the store, what takes it out, and what makes room.

use super::frames::*;
use super::*;
use crate::store::{Candidate, KeyHash, cut_off, find, mutation_begins, mutation_ends, set_of};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The value of `key`, if it is there.
fn value_of(key: &[u8]) -> Option<Vec<u8>> {
    let found = find(hash(key), key, meta::get().epoch.load(Relaxed), meta::now()).ok()?;
    let mut text = vec![0; found.len()];
    assert!(found.copy_to(0, &mut text));
    let line = text.windows(2).position(|pair| pair == b"\r\n").expect("a line") + 2;
    assert!(text[..line].starts_with(&[key, b" 5 "].concat()));
    assert_eq!(sum(&[b"VALUE ", &text[..], b"END\r\n"].concat()).swap_bytes(), found.sum());
    Some(text[line..text.len() - 2].to_vec())
}

/// Keys that fall into the first `sets` sets.
pub fn keys_of_few_sets(sets: u32, n: usize) -> Vec<Vec<u8>> {
    let keys = (0u64..).map(|i| format!("key{i}").into_bytes());
    keys.filter(|key| set_of(hash(key)).expect("a set").0 < sets).take(n).collect()
}

/// A fill of `key` that is cut off in the middle.
pub fn cut(key: &[u8]) {
    let noise = |set: &crate::store::Set| {
        set.put_noise();
    };
    assert!(catch_unwind(AssertUnwindSafe(|| cut_off(hash(key), noise))).is_err());
}

#[test]
fn a_mutation_takes_it_out() {
    let _session = start();
    put(b"key", b"old");
    put(b"other", b"other");
    let begun = mutation_begins(hash(b"key"));
    assert!(begun.was_alone());
    assert!(begun.is_alone());
    assert_eq!(value_of(b"key"), None);
    assert_eq!(candidate(hash(b"key")), None);
    assert!(!mutation_begins(hash(b"key")).was_alone());
    assert!(!begun.is_alone());
    mutation_ends(hash(b"key"));
    assert!(begun.is_alone());
    assert_eq!(candidate(hash(b"key")), None);
    mutation_ends(hash(b"key"));
    assert_eq!(value_of(b"key"), None);
    put(b"key", b"new");
    assert_eq!(value_of(b"key").as_deref(), Some(&b"new"[..]));
    assert_eq!(value_of(b"other").as_deref(), Some(&b"other"[..]));
}

#[test]
fn more_of_the_text_is_no_key() {
    let _session = start();
    put(b"key", &pattern(40));
    let is_there = |key: &[u8]| {
        // Of the same hash, as it may be for somebody's key.
        find(hash(b"key"), key, meta::get().epoch.load(Relaxed), meta::now()).is_ok()
    };
    let text = &block(b"key", &pattern(40))[6..];
    assert!(is_there(&text[..3]));
    // 32 more differ in the upper bits of the length only.
    assert_eq!((4..text.len()).find(|len| is_there(&text[..*len])), None);
    assert!(!is_there(b"ke") && !is_there(b"kez"));
}

#[test]
fn a_mutation_defeats_what_was_read_before() {
    let _session = start();
    let old = candidate(hash(b"key")).expect("a candidate");
    assert_eq!(Candidate::from_words(old.words()), old);
    let fill_old = || fill(&old, 3, &block(b"key", b"old"), NEVER);
    mutation_begins(hash(b"key"));
    assert_eq!(fill_old(), Err(Refused::Pending));
    mutation_ends(hash(b"key"));
    assert_eq!(fill_old(), Err(Refused::Changed));
    put(b"key", b"new");
    assert_eq!(fill_old(), Err(Refused::Changed));
    assert_eq!(value_of(b"key").as_deref(), Some(&b"new"[..]));
}

#[test]
fn so_does_one_of_all_keys() {
    let _session = start();
    put(b"other", b"other");
    let old = candidate(hash(b"key")).expect("a candidate");
    let fill_old = || fill(&old, 3, &block(b"key", b"old"), NEVER);
    meta::all_begins();
    assert_eq!(fill_old(), Err(Refused::Pending));
    assert_eq!(candidate(hash(b"key")), None);
    meta::bump_epoch(Stat::EpochUser);
    assert_eq!(value_of(b"other"), None);
    meta::all_ends();
    assert_eq!(fill_old(), Err(Refused::Changed));
    put(b"key", b"new");
    assert_eq!(value_of(b"key").as_deref(), Some(&b"new"[..]));
    assert_eq!(value_of(b"other"), None);
}

#[test]
fn generation_and_pending_outlive_the_entries() {
    let _session = start();
    let [a, b] = &keys_of_few_sets(1, 2)[..] else { panic!("two keys") };
    put(b, b"b");
    let old = candidate(hash(a)).expect("a candidate");
    mutation_begins(hash(a));
    meta::bump_epoch(Stat::EpochUser);
    // The set is emptied, if somebody could fill it.
    assert_eq!(candidate(hash(b)), None);
    mutation_ends(hash(a));
    put(b, b"b");
    assert_eq!(fill(&old, a.len(), &block(a, b"old"), NEVER), Err(Refused::Changed));
}

#[test]
fn one_end_too_many_does_no_harm() {
    let _session = start();
    mutation_ends(hash(b"key"));
    put(b"key", b"value");
    mutation_begins(hash(b"key"));
    assert_eq!(candidate(hash(b"key")), None);
    mutation_ends(hash(b"key"));
    put(b"key", b"value");
    // Whatever the number is.
    for hash in [0, 1, u64::MAX, 0xffff_ffff] {
        mutation_begins(KeyHash(hash));
        mutation_ends(KeyHash(hash));
    }
}

#[test]
fn what_is_not_put_in() {
    let _session = start();
    let candidate = candidate(hash(b"key")).expect("a candidate");
    let try_fill = |block: &[u8]| fill(&candidate, 3, block, NEVER);
    for text in [
        &b""[..],
        b"VALUE ",
        b"VALUE key",
        b"VALUE key ",
        b"VALUE key5 0 1\r\nx\r\n",
        b"VALUE ke 5 0 1\r\nx\r\n",
        b"VALUE key 5 0 1\r\nx\r\nEND",
        b"value key 5 0 1\r\nx\r\n",
    ] {
        assert_eq!(try_fill(text), Err(Refused::Form), "{}", text.escape_ascii());
    }
    assert_eq!(fill(&candidate, 0, b"VALUE  5 0 1\r\nx\r\n", NEVER), Err(Refused::Form));
    let long = [b'k'; 251];
    assert_eq!(fill(&candidate, 251, &block(&long, b"x"), NEVER), Err(Refused::Form));
    assert_eq!(try_fill(&block(b"key", &pattern(1400))), Err(Refused::Length));
    assert_eq!(fill(&candidate, 3, &block(b"key", b"x"), meta::now()), Err(Refused::Expiry));
    meta::get().state.store(state::TRACK, Relaxed);
    assert_eq!(try_fill(&block(b"key", b"x")), Err(Refused::Off));
    assert_eq!(crate::store::candidate(hash(b"key")), None);
    meta::get().state.store(state::RUN, Relaxed);
    meta::get().blind.store(1, Relaxed);
    assert_eq!(crate::store::candidate(hash(b"key")), None);
    meta::get().blind.store(0, Relaxed);
    assert_eq!(try_fill(&block(b"key", b"x")), Ok(()));
    assert_eq!(value_of(b"key").as_deref(), Some(&b"x"[..]));
}

#[test]
fn until_its_deadline() {
    let session = start();
    let candidate = candidate(hash(b"key")).expect("a candidate");
    assert_eq!(fill(&candidate, 3, &block(b"key", b"value"), 3), Ok(()));
    session.set_time_ns((3 << 27) - 1);
    answers(&session, &get(b"key"), &answer(b"key", b"value"));
    session.set_time_ns((3 << 27) + 4_000_000);
    passes_as(&session, Stat::PassExpired, &get(b"key"));
}

#[test]
fn a_fill_that_was_cut_off_leaves_nothing() {
    let session = start();
    for value in [&b"value"[..], b"other", &pattern(1300)] {
        put(b"key", b"before");
        // Nobody gets what is half there, not even after a second one,
        for _ in 0..2 {
            cut(b"key");
            passes_as(&session, Stat::PassBusy, &get(b"key"));
        }
        // and a mutation goes on as ever,
        mutation_begins(hash(b"key"));
        mutation_ends(hash(b"key"));
        passes_as(&session, Stat::PassBusy, &get(b"key"));
        // until the next fill.
        put(b"key", value);
        answers(&session, &get(b"key"), &answer(b"key", value));
    }
}

#[test]
fn two_writers_do_not_wait_for_each_other() {
    let session = start();
    put(b"key", b"before");
    let candidate = candidate(hash(b"key")).expect("a candidate");
    let write = |_: &crate::store::Set| {
        assert_eq!(fill(&candidate, 3, &block(b"key", b"x"), NEVER), Err(Refused::Busy));
        passes_as(&session, Stat::PassBusy, &get(b"key"));
    };
    assert!(catch_unwind(AssertUnwindSafe(|| cut_off(hash(b"key"), write))).is_err());
}

#[test]
fn what_is_asked_for_stays() {
    let _session = start();
    let keys = keys_of_few_sets(1, 400);
    let (hot, cold) = keys.split_at(10);
    hot.iter().for_each(|key| put(key, &pattern(100)));
    let evicted = counts(Stat::Evictions, || {
        for key in cold {
            assert!(hot.iter().all(|key| value_of(key).is_some()));
            put(key, &pattern(100));
        }
    });
    // 8 bytes of head, "keyNNNN 5 100", value and two line ends: some 128 of 3808
    let there = cold.iter().filter(|key| value_of(key).is_some()).count();
    assert!((16..=24).contains(&there), "{there}");
    assert_eq!(evicted as usize, cold.len() - there);
}

#[test]
fn what_is_over_makes_room_first() {
    let session = start();
    let keys = keys_of_few_sets(1, 44);
    let (long, short) = keys.split_at(10);
    long.iter().for_each(|key| put(key, b"stays"));
    for key in short {
        let candidate = candidate(hash(key)).expect("a candidate");
        assert_eq!(fill(&candidate, key.len(), &block(key, &pattern(60)), 5), Ok(()));
    }
    session.set_time_ns(6 << 27);
    let evicted = counts(Stat::Evictions, || {
        keys_of_few_sets(1, 80)[44..].iter().for_each(|key| put(key, &pattern(60)));
    });
    assert!(evicted < 10, "{evicted}");
    assert!(long.iter().filter(|key| value_of(key).is_some()).count() >= 10 - evicted as usize);
}

#[test]
fn against_a_model() {
    let session = start();
    let mut random = Random::new(9);
    let keys = keys_of_few_sets(3, 200);
    // What the server has; and what it said to a GET before.
    let mut truth: HashMap<&[u8], Vec<u8>> = HashMap::new();
    let mut earlier = Vec::new();
    let (mut hits, mut now) = (0u32, 0);
    for round in 0..200_000u32 {
        // Some are asked for more than others.
        let key = &keys[random.below(keys.len()).min(random.below(keys.len()))][..];
        match random.below(20) {
            0 => {
                mutation_begins(hash(key));
                let len = [random.below(40), random.below(1500)][random.below(2)];
                truth.insert(key, [&round.to_le_bytes()[..], &pattern(len)].concat());
                mutation_ends(hash(key));
            }
            1 if round % 50 == 0 => {
                meta::all_begins();
                meta::bump_epoch(Stat::EpochUser);
                truth.clear();
                meta::all_ends();
            }
            2 if round % 10 == 0 => cut(key),
            3 if round % 10 == 0 => {
                now += 1;
                session.set_time_ns(now << 27);
            }
            4 => earlier.extend(
                candidate(hash(key))
                    .zip(truth.get(key).cloned())
                    .map(|(candidate, value)| (key, candidate, value)),
            ),
            5 | 6 if !earlier.is_empty() => {
                let (key, candidate, value) = earlier.swap_remove(random.below(earlier.len()));
                let _ = fill(&candidate, key.len(), &block(key, &value), now as u32 + 9);
            }
            7..10 => {
                let (candidate, value) = (candidate(hash(key)), truth.get(key));
                if let Some((candidate, value)) = candidate.zip(value) {
                    let _ = fill(&candidate, key.len(), &block(key, value), NEVER);
                }
            }
            _ => {
                if let Some(value) = value_of(key) {
                    assert_eq!(Some(&value), truth.get(key), "{} in {round}", key.escape_ascii());
                    hits += 1;
                }
            }
        }
        if round % 16 == 0 {
            (0..3).for_each(|i| crate::store::BMC_SETS.get_ref(i).expect("a set").audit());
        }
    }
    assert!(hits > 5_000, "{hits}");
}
