// SPDX-License-Identifier: GPL-2.0-only
//! Maps: what the types promise, against the mock.

use rex::map::{ANY, EXIST, Found, Lookup, NOEXIST, Prefix, Update, Wakeup};
use rex::mock::{Packet, Session};
use rex::prelude::*;
use std::sync::atomic::Ordering::Relaxed;

#[derive(Clone, Copy, Debug, PartialEq, Pod)]
#[repr(C)]
struct Event {
    seq: u64,
    data: [u8; 5],
    more: [u8; 3],
}

#[rex_map]
static M_HASH: RexHashMap<u32, u64> = RexHashMap::new(2, 0);
#[rex_map]
static M_LRU: RexLruHashMap<u32, u64> = RexLruHashMap::new(2, 0);
#[rex_map]
static M_ARRAY: RexArray<u64> = RexArray::new(2, 0);
#[rex_map]
static M_QUEUE: RexQueue<[u8; 3]> = RexQueue::new(2, 0);
#[rex_map]
static M_RING: RexRingBuf = RexRingBuf::new(4096, 0);
#[rex_map]
static M_TRIE: RexLpmTrie<[u8; 4], u32> = RexLpmTrie::new(8, 0);

fn run(session: &Session, program: impl FnOnce(&mut Xdp<'_>)) -> Result<(), String> {
    let xdp = |ctx: &mut Xdp<'_>| {
        program(ctx);
        XdpVerdict::Pass
    };
    session.run_xdp(xdp, &mut Packet::new(&[0; 60])).map(|_| ()).map_err(|fault| fault.0)
}

/// As a helper does that takes any map with keys.
fn find<'a, M: Lookup>(ctx: &Xdp<'a>, map: &M, key: &M::Key) -> Found<'a, M::Value> {
    map.find(ctx.scope(), key)
}

#[test]
fn what_is_found_is_copied_or_changed_in_place() {
    let session = Session::new();
    run(&session, |ctx| {
        assert!(find(ctx, &M_HASH, &1).is_none() && find(ctx, &M_HASH, &1).cloned().is_none());
        assert_eq!(M_HASH.update(&1, &5, EXIST), Err(Errno::ENOENT));
        assert_eq!(M_HASH.update(&1, &5, NOEXIST), Ok(()));
        assert_eq!(M_HASH.update(&1, &6, NOEXIST), Err(Errno::EEXIST));
        let found = find(ctx, &M_HASH, &1);
        found.atomic().unwrap().fetch_add(1, Relaxed);
        assert_eq!(found.cloned(), Some(6));
        assert!(found.set(9) && !find(ctx, &M_HASH, &2).set(9));
        assert_eq!((found.copied(), M_HASH.get(&1)), (Some(9), Some(9)));
        assert_eq!(M_HASH.delete(&1), Ok(()));

        assert_eq!(find(ctx, &M_ARRAY, &1).cloned(), Some(0));
        assert!(find(ctx, &M_ARRAY, &2).is_none());
        assert_eq!(M_ARRAY.update(&1, &7, ANY), Ok(()));
        assert_eq!(M_ARRAY.update(&1, &7, NOEXIST), Err(Errno::EEXIST));
        assert_eq!(M_ARRAY.update(&2, &7, ANY), Err(Errno::E2BIG));
        assert_eq!(M_ARRAY.delete(&1), Err(Errno::EINVAL));
        assert_eq!(M_ARRAY.atomic(1).unwrap().load(Relaxed), 7);
        for key in 0..100 {
            assert_eq!(M_LRU.insert(&key, 1), Ok(()));
            assert_eq!(find(ctx, &M_LRU, &key).cloned(), Some(1));
        }
    })
    .unwrap();
}

#[test]
fn queues_are_bounded() {
    let session = Session::new();
    run(&session, |_| {
        assert_eq!(M_QUEUE.push(*b"one"), Ok(()));
        assert_eq!(M_QUEUE.push(*b"two"), Ok(()));
        assert_eq!(M_QUEUE.push(*b"tri"), Err(Errno::E2BIG));
        assert_eq!(M_QUEUE.push_over(*b"for"), Ok(()));
        assert_eq!((M_QUEUE.pop(), M_QUEUE.pop()), (Ok(*b"two"), Ok(*b"for")));
        assert_eq!((M_QUEUE.pop(), M_QUEUE.peek()), (Err(Errno::ENOENT), Err(Errno::ENOENT)));
    })
    .unwrap();
}

#[test]
fn the_longest_prefix_wins() {
    let session = Session::new();
    run(&session, |ctx| {
        assert_eq!(M_TRIE.set(&Prefix::new([0; 4], 0), 1), Ok(()));
        assert_eq!(M_TRIE.set(&Prefix::new([10, 128, 0, 0], 9), 2), Ok(()));
        assert_eq!(M_TRIE.set(&Prefix::host([10, 129, 1, 1]), 3), Ok(()));
        assert_eq!(M_TRIE.get([10, 129, 1, 1]), Some(3));
        assert_eq!(M_TRIE.get([10, 129, 1, 2]), Some(2));
        assert_eq!(M_TRIE.get([10, 1, 1, 1]), Some(1));
        assert_eq!(find(ctx, &M_TRIE, &Prefix::new([10, 129, 1, 1], 10)).cloned(), Some(2));
        M_TRIE.atomic(ctx.scope(), [10, 129, 1, 1]).unwrap().store(4, Relaxed);
        assert_eq!(M_TRIE.get([10, 129, 1, 1]), Some(4));
        assert_eq!(M_TRIE.remove(&Prefix::new([10, 129, 1, 1], 31)), Err(Errno::ENOENT));
        assert_eq!(M_TRIE.remove(&Prefix::host([10, 129, 1, 1])), Ok(()));
        assert_eq!(M_TRIE.get([10, 129, 1, 1]), Some(2));
    })
    .unwrap();
}

#[test]
fn records_are_zero_and_none_is_left_behind() {
    let session = Session::new();
    run(&session, |_| {
        let record = M_RING.reserve::<Event>().unwrap();
        assert_eq!(*record, Event { seq: 0, data: [0; 5], more: [0; 3] });
        record.discard();
        drop(M_RING.reserve::<u64>());
        assert!(M_RING.reserve_bytes(0).is_none() && M_RING.reserve_bytes(5000).is_none());
        let mut bytes = M_RING.reserve_bytes(5).unwrap();
        assert_eq!(*bytes, [0; 5]);
        bytes[4] = 9;
        bytes.submit_with(Wakeup::Never);
        assert_eq!(M_RING.output(&[1u8, 2]), Ok(()));
        let mut record = M_RING.reserve::<Event>().unwrap();
        record.data = *b"hello";
        record.submit();
        std::mem::forget(M_RING.reserve::<u64>());
    })
    .unwrap();
    let mut event = [0; 16];
    event[8..13].copy_from_slice(b"hello");
    assert_eq!(session.records(&M_RING), [vec![0, 0, 0, 0, 9], vec![1, 2], event.to_vec()]);
    assert_eq!(session.records_held(), 0);
    let fault = run(&session, |_| {
        let _held = M_RING.reserve::<u64>().unwrap();
        panic!("with a record");
    });
    assert_eq!(fault, Err("with a record".into()));
    assert_eq!((session.records_held(), session.records(&M_RING).len()), (0, 3));
    assert_eq!(M_RING.size(), 4096);
}

#[test]
fn maps_that_are_not_declared_are_empty() {
    let queue = RexQueue::<u64>::new(1, 0);
    assert_eq!((queue.push(1), queue.pop()), (Err(Errno::EINVAL), Err(Errno::EINVAL)));
    let ring = RexRingBuf::new(4096, 0);
    assert!(ring.reserve::<u64>().is_none() && ring.size() == 0);
    assert_eq!(ring.output(&1u64), Err(Errno::EINVAL));
    assert_eq!(RexLpmTrie::<[u8; 4], u64>::new(1, 0).get([0; 4]), None);
}
