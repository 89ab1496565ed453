// SPDX-License-Identifier: GPL-2.0-only
//! One entry for each hook, which tries every kind of map once when user space has armed it.
#![no_std]
use core::sync::atomic::Ordering::Relaxed;
use rex::map::{CURRENT_CPU, Lookup, OutputContext, Prefix};
use rex::prelude::*;
use rex::{Scope, task};

// The cells of RESULTS: a row of 32 per hook. 0: not tried; 1: good; else the step that failed.
const HASH: u32 = 0;
const LRU_HASH: u32 = 1;
const PERCPU_HASH: u32 = 2;
const LRU_PERCPU_HASH: u32 = 3;
const ARRAY: u32 = 4;
const PERCPU_ARRAY: u32 = 5;
const LPM_TRIE: u32 = 6;
const QUEUE: u32 = 7;
const STACK: u32 = 8;
const RINGBUF: u32 = 9;
const PERF_EVENT_ARRAY: u32 = 10;
const DEVMAP: u32 = 11;
const DEVMAP_HASH: u32 = 12;
const CPUMAP: u32 = 13;
const XSKMAP: u32 = 14;

// The rows.
const XDP: u32 = 0;
const TC: u32 = 1;
const KPROBE: u32 = 2;
const TRACEPOINT: u32 = 3;
const PERF_EVENT: u32 = 4;
const FENTRY: u32 = 5;
const FEXIT: u32 = 6;
const RAW_TRACEPOINT: u32 = 7;
const CGROUP_SKB: u32 = 8;
const STREAM: u32 = 9;

#[rex_map]
static RESULTS: RexArray<u64> = RexArray::new(10 * 32, 0);
/// The row that is to run now, plus one.
#[rex_map]
static ARMED: RexArray<u32> = RexArray::new(1, 0);

#[derive(Clone, Copy, PartialEq, Pod)]
#[repr(C)]
struct Value {
    row: u32,
    text: [u8; 12],
}

#[rex_map]
static M_HASH: RexHashMap<u32, Value> = RexHashMap::new(16, 0);
#[rex_map]
static M_HASH_FULL: RexHashMap<[u8; 5], u64> = RexHashMap::new(1, 1);
#[rex_map]
static M_LRU: RexLruHashMap<u32, u64> = RexLruHashMap::new(128, 0);
#[rex_map]
static M_PC_HASH: RexPerCpuHashMap<u32, u64> = RexPerCpuHashMap::new(16, 0);
#[rex_map]
static M_LRU_PC: RexLruPerCpuHashMap<u32, u64> = RexLruPerCpuHashMap::new(128, 0);
#[rex_map]
static M_ARRAY: RexArray<Value> = RexArray::new(10, 0);
#[rex_map]
static M_PC_ARRAY: RexPerCpuArray<u64> = RexPerCpuArray::new(10, 0);
#[rex_map]
static M_TRIE: RexLpmTrie<[u8; 4], u32> = RexLpmTrie::new(64, 0);
#[rex_map]
static M_QUEUE: RexQueue<u32> = RexQueue::new(3, 0);
#[rex_map]
static M_STACK: RexStack<u32> = RexStack::new(3, 0);
#[rex_map]
static M_RING: RexRingBuf = RexRingBuf::new(4096, 0);
#[rex_map]
static M_PERF: RexPerfEventArray = RexPerfEventArray::new(8, 0);
#[rex_map]
static M_STACKS: RexStackTrace<16> = RexStackTrace::new(16, 0);
#[rex_map]
static M_DEVMAP: RexDevMap = RexDevMap::new(4, 0);
#[rex_map]
static M_DEV_HASH: RexDevMapHash = RexDevMapHash::new(4, 0);
#[rex_map]
static M_CPUMAP: RexCpuMap = RexCpuMap::new(4, 0);
#[rex_map]
static M_XSKMAP: RexXskMap = RexXskMap::new(4, 0);

/// Where a try went wrong.
type Tried = Result<(), u64>;

fn must(step: u64, good: bool) -> Tried {
    if good { Ok(()) } else { Err(step) }
}

fn hash(scope: Scope<'_>, row: u32) -> Tried {
    let value = Value { row, text: *b"from a hook\0" };
    must(2, M_HASH.get(&row).is_none())?;
    must(3, M_HASH.insert_new(&row, value) == Ok(()))?;
    must(4, M_HASH.insert_new(&row, value) == Err(Errno::EEXIST))?;
    must(5, M_HASH.get(&row).is_some_and(|got| got == value))?;
    must(6, M_HASH.find(scope, &row).cloned().is_some_and(|got| got == value))?;
    // Not preallocated: memory from the allocator that is safe at any hook.
    must(7, M_HASH_FULL.set(b"first", 1) == Ok(()))?;
    must(8, M_HASH_FULL.set(b"other", 1) == Err(Errno::E2BIG))?;
    must(9, M_HASH_FULL.atomic(scope, b"first").map(|n| n.fetch_add(6, Relaxed)) == Some(1))?;
    must(10, M_HASH_FULL.get(b"first") == Some(7))?;
    must(11, M_HASH_FULL.remove(b"first") == Ok(()) && !M_HASH_FULL.contains(b"first"))?;
    must(12, M_HASH_FULL.remove(b"first") == Err(Errno::ENOENT))
}

fn lru_hash(scope: Scope<'_>, row: u32) -> Tried {
    // Many more than fit: always room for one more, and what came last is there.
    for i in 0..200 {
        must(2, M_LRU.set(&(1000 + i), i.into()) == Ok(()))?;
        must(3, M_LRU.get(&(1000 + i)) == Some(i.into()))?;
    }
    must(4, M_LRU.set(&row, 5) == Ok(()))?;
    must(5, M_LRU.atomic(scope, &row).map(|n| n.fetch_add(1, Relaxed)) == Some(5))?;
    must(6, M_LRU.get(&row) == Some(6))?;
    must(7, M_LRU.remove(&row) == Ok(()) && M_LRU.get(&row).is_none())
}

fn percpu_hash(scope: Scope<'_>, row: u32) -> Tried {
    must(2, M_PC_HASH.set(&row, 5) == Ok(()))?;
    must(3, M_PC_HASH.atomic(scope, &row).map(|n| n.fetch_add(1, Relaxed)) == Some(5))?;
    must(4, M_PC_HASH.get(&row) == Some(6))?;
    must(5, M_PC_HASH.remove(&row) == Ok(()) && M_PC_HASH.get(&row).is_none())?;
    must(6, M_PC_HASH.set(&row, 7 + u64::from(row)) == Ok(()))
}

fn lru_percpu_hash(row: u32) -> Tried {
    for i in 0..200 {
        must(2, M_LRU_PC.set(&(1000 + i), i.into()) == Ok(()))?;
        must(3, M_LRU_PC.get(&(1000 + i)) == Some(i.into()))?;
    }
    must(4, M_LRU_PC.set(&row, 5) == Ok(()) && M_LRU_PC.get(&row) == Some(5))?;
    must(5, M_LRU_PC.remove(&row) == Ok(()) && !M_LRU_PC.contains(&row))
}

fn array(row: u32) -> Tried {
    let value = Value { row, text: *b"from a hook\0" };
    must(2, M_ARRAY.set(row, value) && !M_ARRAY.set(10, value))?;
    must(3, M_ARRAY.get(row).is_some_and(|got| got == value))?;
    must(4, M_ARRAY.get(10).is_none() && M_ARRAY.get(u32::MAX).is_none())
}

fn percpu_array(row: u32) -> Tried {
    M_PC_ARRAY.add(row, 3);
    must(2, M_PC_ARRAY.get(row) == Some(3))?;
    must(3, M_PC_ARRAY.set(row, 4) && !M_PC_ARRAY.set(10, 4))?;
    must(4, M_PC_ARRAY.get(row) == Some(4) && M_PC_ARRAY.get(10).is_none())
}

fn lpm_trie(row: u32) -> Tried {
    let net = row as u8;
    must(2, M_TRIE.set(&Prefix::new([net, 0, 0, 0], 8), 1) == Ok(()))?;
    must(3, M_TRIE.set(&Prefix::new([net, 128, 0, 0], 9), 2) == Ok(()))?;
    must(4, M_TRIE.set(&Prefix::host([net, 129, 1, 1]), 3) == Ok(()))?;
    must(5, M_TRIE.get([net, 129, 1, 1]) == Some(3))?;
    must(6, M_TRIE.get([net, 129, 1, 2]) == Some(2))?;
    must(7, M_TRIE.get([net, 1, 1, 1]) == Some(1))?;
    must(8, M_TRIE.get([200, 1, 1, 1]).is_none())?;
    must(9, M_TRIE.set(&Prefix::new([net, 0, 0, 0], 33), 1) == Err(Errno::EINVAL))?;
    must(10, M_TRIE.remove(&Prefix::new([net, 128, 0, 0], 9)) == Ok(()))?;
    must(11, M_TRIE.get([net, 129, 1, 2]) == Some(1))
}

fn queue() -> Tried {
    must(2, M_QUEUE.pop() == Err(Errno::ENOENT) && M_QUEUE.peek() == Err(Errno::ENOENT))?;
    must(3, (1..4).all(|i| M_QUEUE.push(i) == Ok(())))?;
    must(4, M_QUEUE.push(4) == Err(Errno::E2BIG))?;
    must(5, M_QUEUE.push_over(4) == Ok(()))?;
    must(6, M_QUEUE.peek() == Ok(2))?;
    must(7, (2..5).all(|i| M_QUEUE.pop() == Ok(i)))
}

fn stack() -> Tried {
    must(2, M_STACK.pop() == Err(Errno::ENOENT) && M_STACK.peek() == Err(Errno::ENOENT))?;
    must(3, (1..4).all(|i| M_STACK.push(i) == Ok(())))?;
    must(4, M_STACK.push(4) == Err(Errno::E2BIG))?;
    must(5, M_STACK.peek() == Ok(3))?;
    must(6, (1..4).rev().all(|i| M_STACK.pop() == Ok(i)))
}

/// The consumer is to see records 1, 3 and 4 of the row.
fn ringbuf(row: u32) -> Tried {
    let before = M_RING.producer_pos();
    must(2, M_RING.size() == 4096)?;
    let mut first = M_RING.reserve::<[u32; 2]>().ok_or(3u64)?;
    must(4, *first == [0; 2])?;
    let second = M_RING.reserve::<[u32; 2]>().ok_or(5u64)?;
    let mut third = M_RING.reserve_bytes(8).ok_or(6u64)?;
    *first = [row, 1];
    third[..4].copy_from_slice(&row.to_ne_bytes());
    third[4] = 3;
    // In the order of reservation, whichever comes first here.
    third.submit();
    second.discard();
    first.submit();
    must(7, M_RING.output(&[row, 4]) == Ok(()))?;
    must(8, M_RING.producer_pos() - before == 64)?;
    must(9, M_RING.reserve::<[u64; 600]>().is_none())?;
    // No room, and none is lost.
    let big = M_RING.reserve_bytes(3000).ok_or(10u64)?;
    must(
        11,
        M_RING.reserve_bytes(3000).is_none() && M_RING.output(&[0u64; 200]) == Err(Errno::EAGAIN),
    )?;
    big.discard();
    Ok(())
}

/// bpftool reads along.
fn perf_event_array<C: OutputContext>(ctx: &C, row: u32) -> Tried {
    must(2, M_PERF.output(ctx, CURRENT_CPU, &[row, 0x7265_7870]) == Ok(()))?;
    must(3, M_PERF.output(ctx, 7, &row) == Err(Errno::ENOENT))?;
    must(4, M_PERF.output(ctx, 8, &row) == Err(Errno::E2BIG))
}

fn note(row: u32, cell: u32, tried: Tried) {
    RESULTS.set(row * 32 + cell, tried.map_or_else(|step| step, |()| 1));
}

/// Whether this row is to run. It is then not armed any more.
fn armed(row: u32) -> bool {
    ARMED.get(0) == Some(row + 1)
        && ARMED
            .atomic(0)
            .is_some_and(|word| word.compare_exchange(row + 1, 0, Relaxed, Relaxed).is_ok())
}

fn all<C: OutputContext>(ctx: &C, scope: Scope<'_>, row: u32) {
    those_without_context(scope, row);
    note(row, PERF_EVENT_ARRAY, perf_event_array(ctx, row));
}

fn those_without_context(scope: Scope<'_>, row: u32) {
    note(row, HASH, hash(scope, row));
    note(row, LRU_HASH, lru_hash(scope, row));
    note(row, PERCPU_HASH, percpu_hash(scope, row));
    note(row, LRU_PERCPU_HASH, lru_percpu_hash(row));
    note(row, ARRAY, array(row));
    note(row, PERCPU_ARRAY, percpu_array(row));
    note(row, LPM_TRIE, lpm_trie(row));
    note(row, QUEUE, queue());
    note(row, STACK, stack());
    note(row, RINGBUF, ringbuf(row));
}

fn mapper(row: u32) -> bool {
    task::current().comm() == "mapper" && armed(row)
}

/// User space has filled element 0 of each map but the one for sockets.
#[rex_xdp]
pub fn at_xdp(ctx: &mut Xdp<'_>) -> XdpVerdict {
    if armed(XDP) {
        all(ctx, ctx.scope(), XDP);
        let redirects = |filled: fn(&Xdp<'_>, u32) -> XdpVerdict, ctx: &Xdp<'_>| {
            must(2, matches!(filled(ctx, 0), XdpVerdict::Redirect(_)))?;
            must(3, filled(ctx, 3) == XdpVerdict::Drop)?;
            must(4, filled(ctx, 1 << 31) == XdpVerdict::Drop)
        };
        let drop = XdpVerdict::Drop;
        note(
            XDP,
            DEVMAP,
            redirects(|ctx, key| M_DEVMAP.redirect_or(ctx, key, XdpVerdict::Drop), ctx),
        );
        note(
            XDP,
            DEVMAP_HASH,
            redirects(|ctx, key| M_DEV_HASH.redirect_or(ctx, key, XdpVerdict::Drop), ctx),
        );
        note(
            XDP,
            CPUMAP,
            redirects(|ctx, key| M_CPUMAP.redirect_or(ctx, key, XdpVerdict::Drop), ctx),
        );
        let none = M_XSKMAP.redirect(ctx, 0) == XdpVerdict::Aborted
            && M_XSKMAP.redirect_or(ctx, 0, drop) == drop
            && M_XSKMAP.redirect_or(ctx, 9, drop) == drop;
        note(XDP, XSKMAP, must(2, none));
    }
    XdpVerdict::Pass
}

#[rex_tc]
pub fn at_tc(ctx: &mut Tc<'_>) -> TcVerdict {
    if armed(TC) {
        all(ctx, ctx.scope(), TC);
    }
    TcVerdict::Ok
}

#[rex_kprobe]
pub fn at_kprobe(obj: &Kprobe, _ctx: &mut PtRegs) -> rex::Result {
    if mapper(KPROBE) {
        all(obj, obj.scope(), KPROBE);
    }
    Ok(0)
}

#[rex_tracepoint]
pub fn at_tracepoint(obj: &Tracepoint, _ctx: &SyscallEnter) -> rex::Result {
    if mapper(TRACEPOINT) {
        all(obj, obj.scope(), TRACEPOINT);
    }
    Ok(0)
}

#[rex_perf_event]
pub fn at_perf_event(ctx: &mut PerfEvent<'_>) -> rex::Result {
    if mapper(PERF_EVENT) {
        all(ctx, ctx.scope(), PERF_EVENT);
    }
    Ok(0)
}

#[rex_fentry]
pub fn at_fentry(ctx: &Fentry<'_>) -> rex::Result {
    if mapper(FENTRY) {
        all(ctx, ctx.scope(), FENTRY);
    }
    Ok(0)
}

#[rex_fexit]
pub fn at_fexit(ctx: &Fexit<'_>) -> rex::Result {
    if mapper(FEXIT) {
        all(ctx, ctx.scope(), FEXIT);
    }
    Ok(0)
}

#[rex_raw_tracepoint]
pub fn at_raw_tracepoint(ctx: &RawTracepoint<'_>) -> rex::Result {
    if mapper(RAW_TRACEPOINT) {
        all(ctx, ctx.scope(), RAW_TRACEPOINT);
    }
    Ok(0)
}

#[rex_cgroup_skb]
pub fn at_cgroup_skb(ctx: &mut CgroupSkb<'_>) -> CgroupVerdict {
    if armed(CGROUP_SKB) {
        all(ctx, ctx.scope(), CGROUP_SKB);
    }
    CgroupVerdict::Allow
}

#[rex_stream]
pub fn at_stream(ctx: &mut Stream<'_>) -> StreamVerdict {
    if armed(STREAM) {
        those_without_context(ctx.scope(), STREAM);
    }
    StreamVerdict::Pass
}
