// SPDX-License-Identifier: GPL-2.0-only
//! Every kind of map once.
#![no_std]

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use rex::map::{
    CURRENT_CPU, Prefix, RexCpuMap, RexDevMap, RexDevMapHash, RexLpmTrie, RexLruHashMap,
    RexLruPerCpuHashMap, RexPerfEventArray, RexQueue, RexRingBuf, RexStack, RexXskMap,
};
use rex::prelude::*;

/// Plain data is copied out of a map and into it.
#[derive(Clone, Copy, PartialEq, Pod)]
#[repr(C)]
pub struct Pair {
    left: u32,
    right: u32,
}

/// Shared data is borrowed and counted on in place.
#[derive(SharedPod)]
#[repr(C)]
pub struct Counters {
    hits: AtomicU64,
    bytes: AtomicU64,
}

#[rex_map]
static ARRAY: RexArray<Pair> = RexArray::new(4, 0);
#[rex_map]
static COUNTERS: RexArray<Counters> = RexArray::new(4, 0);
#[rex_map]
static PERCPU_ARRAY: RexPerCpuArray<u64> = RexPerCpuArray::new(4, 0);
#[rex_map]
static HASH: RexHashMap<Pair, Pair> = RexHashMap::new(16, 0);
#[rex_map]
static LRU: RexLruHashMap<u32, u64> = RexLruHashMap::new(64, 0);
#[rex_map]
static PERCPU_HASH: RexPerCpuHashMap<u32, u64> = RexPerCpuHashMap::new(16, 0);
#[rex_map]
static LRU_PERCPU: RexLruPerCpuHashMap<u32, u64> = RexLruPerCpuHashMap::new(64, 0);
#[rex_map]
static QUEUE: RexQueue<u64> = RexQueue::new(8, 0);
#[rex_map]
static STACK: RexStack<u64> = RexStack::new(8, 0);
#[rex_map]
static ROUTES: RexLpmTrie<[u8; 4], u32> = RexLpmTrie::new(16, 0);
#[rex_map]
static RECORDS: RexRingBuf = RexRingBuf::new(4096, 0);
#[rex_map]
static EVENTS: RexPerfEventArray = RexPerfEventArray::new(64, 0);
#[rex_map]
static DEVICES: RexDevMap = RexDevMap::new(4, 0);
#[rex_map]
static DEVICE_HASH: RexDevMapHash = RexDevMapHash::new(4, 0);
#[rex_map]
static CPUS: RexCpuMap = RexCpuMap::new(4, 0);
#[rex_map]
static SOCKETS: RexXskMap = RexXskMap::new(4, 0);

/// By position in [`TESTS`]: 1, it did what it should; 2, it did not.
#[rex_map]
static PASSED: RexArray<u32> = RexArray::new(TESTS.len() as u32, 0);

type Test = fn(&mut Xdp<'_>) -> Option<bool>;

static TESTS: [Test; 12] = [
    array,
    counters,
    percpu_array,
    hash,
    lru,
    percpu_hash,
    lru_percpu,
    queue,
    stack,
    routes,
    records,
    redirects,
];

const PAIR: Pair = Pair { left: 1, right: 2 };

fn array(_: &mut Xdp<'_>) -> Option<bool> {
    // There is no element 4.
    Some(
        ARRAY.set(1, PAIR)
            && ARRAY.get(1)? == PAIR
            && !ARRAY.set(4, PAIR)
            && ARRAY.get(4).is_none(),
    )
}

fn counters(ctx: &mut Xdp<'_>) -> Option<bool> {
    let counters = COUNTERS.get_ref(2)?;
    let before = counters.hits.fetch_add(1, Relaxed);
    counters.bytes.fetch_add(ctx.data().len() as u64, Relaxed);
    Some(COUNTERS.get_ref(2)?.hits.load(Relaxed) > before)
}

fn percpu_array(_: &mut Xdp<'_>) -> Option<bool> {
    let before = PERCPU_ARRAY.get(0)?;
    PERCPU_ARRAY.add(0, 5);
    Some(PERCPU_ARRAY.get(0)? == before + 5)
}

fn hash(_: &mut Xdp<'_>) -> Option<bool> {
    let key = Pair { left: 7, right: 8 };
    HASH.set(&key, PAIR).ok()?;
    let second = HASH.insert_new(&key, PAIR);
    let found = HASH.get(&key)? == PAIR;
    HASH.remove(&key).ok()?;
    Some(found && second == Err(Errno::EEXIST) && !HASH.contains(&key))
}

fn lru(_: &mut Xdp<'_>) -> Option<bool> {
    // More than there is room for: the oldest go.
    for key in 0..200 {
        LRU.set(&key, key.into()).ok()?;
    }
    Some(LRU.get(&199)? == 199)
}

fn percpu_hash(_: &mut Xdp<'_>) -> Option<bool> {
    PERCPU_HASH.set(&1, 11).ok()?;
    Some(PERCPU_HASH.get(&1)? == 11)
}

fn lru_percpu(_: &mut Xdp<'_>) -> Option<bool> {
    LRU_PERCPU.set(&1, 12).ok()?;
    Some(LRU_PERCPU.get(&1)? == 12)
}

fn queue(_: &mut Xdp<'_>) -> Option<bool> {
    (1..=3).try_for_each(|n| QUEUE.push(n)).ok()?;
    let order = [QUEUE.pop().ok()?, QUEUE.pop().ok()?, QUEUE.pop().ok()?];
    Some(order == [1, 2, 3] && QUEUE.pop() == Err(Errno::ENOENT))
}

fn stack(_: &mut Xdp<'_>) -> Option<bool> {
    (1..=3).try_for_each(|n| STACK.push(n)).ok()?;
    let order = [STACK.pop().ok()?, STACK.pop().ok()?, STACK.pop().ok()?];
    Some(order == [3, 2, 1] && STACK.peek() == Err(Errno::ENOENT))
}

fn routes(_: &mut Xdp<'_>) -> Option<bool> {
    ROUTES.set(&Prefix::new([10, 0, 0, 0], 8), 8).ok()?;
    ROUTES.set(&Prefix::new([10, 77, 0, 0], 16), 16).ok()?;
    Some(
        ROUTES.get([10, 77, 1, 2])? == 16
            && ROUTES.get([10, 1, 1, 1])? == 8
            && ROUTES.get([9; 4]).is_none(),
    )
}

fn records(ctx: &mut Xdp<'_>) -> Option<bool> {
    // Dropped, it is discarded; only what is submitted gets to user space.
    drop(RECORDS.reserve::<Pair>()?);
    let mut record = RECORDS.reserve::<Pair>()?;
    record.left = 1;
    record.right = ctx.data().len() as u32;
    record.submit();
    // Without a reader there is nobody to send to.
    Some(EVENTS.output(ctx, CURRENT_CPU, &PAIR) == Err(Errno::ENOENT))
}

fn redirects(ctx: &mut Xdp<'_>) -> Option<bool> {
    // All are empty: user space fills them.
    let verdicts = [
        DEVICES.redirect_or(ctx, 0, XdpVerdict::Pass),
        DEVICE_HASH.redirect_or(ctx, 0, XdpVerdict::Pass),
        CPUS.redirect_or(ctx, 0, XdpVerdict::Pass),
        SOCKETS.redirect_or(ctx, 0, XdpVerdict::Pass),
    ];
    Some(verdicts == [XdpVerdict::Pass; 4])
}

#[rex_xdp]
pub fn map_test(ctx: &mut Xdp<'_>) -> XdpVerdict {
    for (index, test) in (0..).zip(&TESTS) {
        let passed = test(ctx) == Some(true);
        PASSED.set(index, if passed { 1 } else { 2 });
    }
    XdpVerdict::Pass
}
