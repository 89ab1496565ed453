// SPDX-License-Identifier: GPL-2.0-only
//! Mutations, fills and GETs at the same time, on several threads and few sets: no GET that begins
//! after a mutation was executed gets what was there before.

use super::frames::*;
use super::store::keys_of_few_sets;
use super::*;
use crate::store::{mutation_begins, mutation_ends};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

const TIME: Duration = Duration::from_millis(1500);
/// On a busy machine, until there are hits enough.
const MOST: Duration = Duration::from_secs(30);

/// One key and what the server has for it: a number, that only grows.
struct Item {
    key: Vec<u8>,
    value: AtomicU64,
    /// The last one that was acknowledged.
    acknowledged: AtomicU64,
}

/// A value that says its number, and is of another length for each, and cannot be a mixture of two.
fn value(number: u64) -> Vec<u8> {
    let len = [8, 40, 200, 1000][number as usize % 4];
    number.to_le_bytes().into_iter().cycle().take(len).collect()
}

fn mutate(item: &Item) {
    mutation_begins(hash(&item.key));
    let number = item.value.fetch_add(1, SeqCst) + 1;
    item.acknowledged.fetch_max(number, SeqCst);
    mutation_ends(hash(&item.key));
}

fn mutate_all(items: &[Item]) {
    meta::all_begins();
    meta::bump_epoch(Stat::EpochUser);
    for item in items {
        let number = item.value.fetch_add(1, SeqCst) + 1;
        item.acknowledged.fetch_max(number, SeqCst);
    }
    meta::all_ends();
}

fn refill(item: &Item) {
    let Some(candidate) = candidate(hash(&item.key)) else { return };
    let value = value(item.value.load(SeqCst));
    let _ = fill(&candidate, item.key.len(), &block(&item.key, &value), NEVER);
}

/// Whether it was a hit.
fn ask(session: &Session, item: &Item) -> Result<bool, String> {
    let request = get(&item.key);
    let least = item.acknowledged.load(SeqCst);
    let (verdict, frame) = run(session, &request);
    if verdict == XdpVerdict::Pass {
        return if frame == request { Ok(false) } else { Err("touched".into()) };
    }
    let line = frame[50..].iter().position(|byte| *byte == b'\n').expect("a line") + 51;
    let number = frame[line..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    if frame != answer(&item.key, &value(number)) {
        return Err(format!("torn: {}", frame.escape_ascii()));
    }
    if number < least {
        return Err(format!("{number} after {least} was acknowledged"));
    }
    Ok(true)
}

#[test]
fn nobody_gets_what_was_before() {
    let session = start();
    let items: Vec<Item> = keys_of_few_sets(2, 24)
        .into_iter()
        .map(|key| Item { key, value: AtomicU64::new(1), acknowledged: AtomicU64::new(1) })
        .collect();
    let done = AtomicBool::new(false);
    let (mut hits, mut passed) = (0u64, 0u64);
    let mut wrong = None;
    thread::scope(|scope| {
        let (items, done) = (&items, &done);
        let work = |seed, act: fn(&[Item], &Item, usize)| {
            scope.spawn(move || {
                let mut random = Random::new(seed);
                while !done.load(Relaxed) {
                    act(items, &items[random.below(items.len())], random.below(10_000));
                }
            });
        };
        work(1, |items, item, n| match n {
            0 => mutate_all(items),
            1..40 => cut_quietly(item),
            _ => mutate(item),
        });
        work(2, |_, item, n| if n < 300 { mutate(item) } else { refill(item) });
        work(3, |_, item, _| refill(item));
        let begin = Instant::now();
        let mut random = Random::new(4);
        while wrong.is_none() {
            let enough = if hits > 1000 { TIME } else { MOST };
            if begin.elapsed() > enough {
                break;
            }
            match ask(&session, &items[random.below(items.len())]) {
                Ok(true) => hits += 1,
                Ok(false) => passed += 1,
                Err(what) => wrong = Some(what),
            }
        }
        done.store(true, Relaxed);
    });
    assert_eq!(wrong, None);
    println!("{hits} hits, {passed} passed");
    assert!(hits > 1000, "{hits} hits in {MOST:?}");
}

/// Unless another has the lock.
fn cut_quietly(item: &Item) {
    let _ =
        std::panic::catch_unwind(|| crate::store::cut_off(hash(&item.key), |set| set.put_noise()));
}
