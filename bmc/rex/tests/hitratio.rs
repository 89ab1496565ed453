// SPDX-License-Identifier: GPL-2.0-only
//! How many GETs the store answers, beside other ways to use as much memory.
//!
//! The real code of the store fills on each miss. Beside it: one table of slots for the longest
//! reply (what published accelerators do), an LRU list over all of the memory without any overhead,
//! and the optimum, which knows the future and evicts what is needed last.

use super::*;
use crate::store::{BMC_SETS, find};
use std::collections::BTreeSet;
use std::fmt::Write;

const SLOT: usize = 1408;

/// Evenly in (0, 1).
fn fraction(random: &mut Random) -> f64 {
    ((random.next() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
}

struct Item {
    key: Vec<u8>,
    value_len: usize,
}

impl Item {
    /// Bytes of it in a reply.
    fn bytes(&self) -> usize {
        block(&self.key, &[]).len() + self.value_len
    }
}

/// Keys of 16 bytes, values of 32.
fn small(n: usize, _: &mut Random) -> Vec<Item> {
    (0..n).map(|i| Item { key: format!("key:{i:012}").into_bytes(), value_len: 32 }).collect()
}

/// The sizes of the ETC pool (Atikoglu et al., Workload Analysis of a Large-Scale Key-Value Store,
/// 2012): keys of a generalized extreme value distribution, here cut to 16 to 45 bytes, values of
/// a generalized Pareto distribution, cut to 1 to 1024.
fn etc(n: usize, random: &mut Random) -> Vec<Item> {
    let mut item = |i: usize| {
        let (location, scale, shape) = (30.7984, 8.20449, 0.078688);
        let key = location + scale * ((-fraction(random).ln()).powf(-shape) - 1.0) / shape;
        let (scale, shape) = (214.476, 0.348238);
        let value = scale * (fraction(random).powf(-shape) - 1.0) / shape;
        let key_len = (key as usize).clamp(16, 45);
        let value_len = (value as usize).clamp(1, 1024);
        Item { key: format!("{i:0key_len$}").into_bytes(), value_len }
    };
    (0..n).map(&mut item).collect()
}

/// Indices of items: zipf with exponent 0.99.
fn requests(items: usize, n: usize, random: &mut Random) -> Vec<usize> {
    let mut sum = 0.0;
    let until: Vec<f64> = (1..=items)
        .map(|rank| {
            sum += (rank as f64).powf(-0.99);
            sum
        })
        .collect();
    let mut one = || {
        let point = fraction(random) * sum;
        until.partition_point(|until| *until < point).min(items - 1)
    };
    (0..n).map(|_| one()).collect()
}

/// Hits in the second half of the requests; the first fills the caches.
fn hits(requests: &[usize], mut ask: impl FnMut(usize, usize) -> bool) -> f64 {
    let warm = requests.len() / 2;
    let all = requests.iter().enumerate();
    let hits = all.filter(|(at, item)| ask(*at, **item) && *at >= warm).count();
    hits as f64 / (requests.len() - warm) as f64
}

fn ours(items: &[Item], requests: &[usize]) -> f64 {
    let value = vec![b'x'; 1024];
    let epoch = meta::get().epoch.load(Relaxed);
    hits(requests, |_, i| {
        let Item { key, value_len } = &items[i];
        let hit = find(hash(key), key, epoch, 0).is_ok();
        if !hit {
            put(key, &value[..*value_len]);
        }
        hit
    })
}

fn direct_mapped(requests: &[usize], slots: usize) -> f64 {
    let mut table = vec![usize::MAX; slots];
    hits(requests, |_, i| {
        let slot = &mut table[(i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) as usize % slots];
        std::mem::replace(slot, i) == i
    })
}

/// Evicts the item with the lowest rank, which `rank` says at each request.
fn ranked(items: &[Item], requests: &[usize], memory: usize, rank: impl Fn(usize) -> usize) -> f64 {
    let mut ranks = vec![None; items.len()];
    let mut queue = BTreeSet::new();
    let mut used = 0;
    hits(requests, |at, i| {
        let new = rank(at);
        let old = ranks[i].replace(new);
        match old {
            Some(old) => drop(queue.remove(&(old, i))),
            None => used += items[i].bytes(),
        }
        queue.insert((new, i));
        while used > memory {
            let (_, victim) = queue.pop_first().expect("something is there");
            ranks[victim] = None;
            used -= items[victim].bytes();
        }
        old.is_some()
    })
}

/// For each request, when its item is asked for again.
fn next_uses(items: usize, requests: &[usize]) -> Vec<usize> {
    let mut next = vec![usize::MAX; items];
    let all = requests.iter().enumerate().rev();
    let mut uses: Vec<usize> = all.map(|(at, i)| std::mem::replace(&mut next[*i], at)).collect();
    uses.reverse();
    uses
}

struct Ratios {
    ours: f64,
    direct: f64,
    lru: f64,
    best: f64,
}

type Items = fn(usize, &mut Random) -> Vec<Item>;

const LOADS: [(&str, Items); 2] = [("zipf-small", small), ("etc", etc)];

/// `n` items, of which a tenth fits.
fn measure(make: Items, n: usize, requests_per_item: usize) -> Ratios {
    let session = start();
    let mut random = Random::new(42);
    let items = make(n, &mut random);
    let requests = requests(n, n * requests_per_item, &mut random);
    let sets = items.iter().map(Item::bytes).sum::<usize>() / 10 / 4096;
    session.set_max_entries(&BMC_SETS, sets as u32);
    let memory = sets * 4096;
    let next = next_uses(n, &requests);
    Ratios {
        ours: ours(&items, &requests),
        direct: direct_mapped(&requests, memory / SLOT),
        lru: ranked(&items, &requests, memory, |at| at),
        best: ranked(&items, &requests, memory, |at| usize::MAX - next[at]),
    }
}

fn good(ratios: &Ratios) -> bool {
    ratios.ours >= 1.5 * ratios.direct || ratios.ours >= 0.9 * ratios.best
}

#[test]
fn more_hits_than_slots_of_one_size() {
    for (name, make) in LOADS {
        let ratios = measure(make, 40_000, 8);
        let Ratios { ours, direct, lru, best } = ratios;
        println!("{name}: ours {ours:.4}, direct {direct:.4}, lru {lru:.4}, best {best:.4}");
        assert!(good(&ratios), "{name}");
    }
}

/// For "make bench-hitratio": prints JSON.
#[test]
#[ignore = "takes a minute"]
fn report() {
    let mut json = String::from("{\"cache\":0.1,\"loads\":[");
    for (i, (name, make)) in LOADS.into_iter().enumerate() {
        let (items, each) = (1_000_000, 10);
        let Ratios { ours, direct, lru, best } = measure(make, items, each);
        write!(
            json,
            "{}{{\"load\":\"{name}\",\"items\":{items},\"requests\":{},\"rex\":{ours:.4},\
             \"direct_mapped\":{direct:.4},\"lru\":{lru:.4},\"optimum\":{best:.4}}}",
            if i == 0 { "" } else { "," },
            items * each,
        )
        .expect("a string takes everything");
    }
    println!("JSON {json}]}}");
}
