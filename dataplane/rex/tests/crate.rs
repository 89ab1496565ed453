// SPDX-License-Identifier: GPL-2.0-only
//! Tests of the crate against the mock.

use rex::mock::{Packet, Session};
use rex::net::{Ipv4, Tcp, Udp, checksum};
use rex::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

#[rex_map]
static ARRAY: RexArray<[u8; 13]> = RexArray::new(5, 0);
#[rex_map]
static SHARED: RexArray<Entry> = RexArray::new(2, 0);
#[rex_map]
static HASH: RexHashMap<u32, AtomicU64> = RexHashMap::new(4, 0);

static LOCK: SpinLock<u64> = SpinLock::new(0);

#[derive(SharedPod)]
#[repr(C)]
struct Entry {
    hits: AtomicU64,
    seq: SeqCount,
    value: SharedBytes<100>,
}

#[test]
fn shared_bytes_copy_and_compare_every_length() {
    let from: Vec<u8> = (1..=100).collect();
    for len in 0..=100 {
        for offset in [0, 1, 7] {
            let shared = SharedBytes::<100>::new();
            let fits = offset + len <= 100;
            assert_eq!(shared.copy_from(offset, &from[..len]), fits, "{offset} {len}");
            if !fits {
                continue;
            }
            let mut all = [0; 100];
            assert!(shared.copy_to(0, &mut all));
            assert_eq!(&all[offset..offset + len], &from[..len]);
            assert!(all[..offset].iter().chain(&all[offset + len..]).all(|b| *b == 0));
            assert!(shared.matches(offset, &from[..len]));
            for wrong in 0..len {
                let mut other = from[..len].to_vec();
                other[wrong] ^= 0x80;
                assert!(!shared.matches(offset, &other), "length {len}, byte {wrong}");
            }
        }
    }
    let shared = SharedBytes::<8>::new();
    assert!(!shared.matches(usize::MAX, b"a") && !shared.copy_from(9, b""));
}

#[test]
fn maps_check_bounds() {
    let _session = Session::new();
    let value: [u8; 13] = *b"thirteen byte";
    assert!(ARRAY.set(4, value) && !ARRAY.set(5, value) && !ARRAY.set(u32::MAX, value));
    assert_eq!((ARRAY.get(4), ARRAY.get(3), ARRAY.get(5)), (Some(value), Some([0; 13]), None));
    SHARED.get_ref(1).unwrap().hits.store(3, Relaxed);
    assert_eq!(SHARED.get_ref(0).unwrap().hits.load(Relaxed), 0);
    assert!(SHARED.get_ref(2).is_none());
}

#[test]
fn a_map_that_is_not_declared_is_empty() {
    let array = RexArray::<u64>::new(4, 0);
    assert!(array.get(0).is_none() && !array.set(0, 1));
    let hash = RexHashMap::<u32, u64>::new(4, 0);
    assert_eq!((hash.get(&1), hash.set(&1, 1)), (None, Err(Errno::EINVAL)));
}

#[test]
fn hash_elements_are_borrowed_for_the_invocation() {
    let session = Session::new();
    let run = |ctx: &mut Xdp<'_>| {
        assert_eq!(HASH.insert_new_from(&7, &AtomicU64::new(1)), Ok(()));
        assert_eq!(HASH.insert_new_from(&7, &AtomicU64::new(1)), Err(Errno::EEXIST));
        let value = HASH.get_ref(ctx.scope(), &7).unwrap();
        ctx.data_mut()[0] = 1;
        value.fetch_add(1, Relaxed);
        assert_eq!(HASH.remove(&7), Ok(()));
        assert_eq!(HASH.remove(&7), Err(Errno::ENOENT));
        assert_eq!(value.load(Relaxed), 2);
        XdpVerdict::Tx
    };
    assert_eq!(session.run_xdp(run, &mut Packet::new(&[0; 64])), Ok(XdpVerdict::Tx));
}

#[test]
fn locks_are_released_however_a_program_ends() {
    let session = Session::new();
    let twice = |_: &mut Xdp<'_>| {
        let _first = LOCK.lock();
        let _second = LOCK.lock();
        XdpVerdict::Pass
    };
    let fault = session.run_xdp(twice, &mut Packet::new(&[0; 64])).unwrap_err();
    assert_eq!(fault.0, "spin lock is already held on this CPU");
    let forget = |_: &mut Xdp<'_>| {
        std::mem::forget(LOCK.lock());
        if LOCK.try_lock().is_none() { XdpVerdict::Drop } else { XdpVerdict::Pass }
    };
    assert_eq!(session.run_xdp(forget, &mut Packet::new(&[0; 64])), Ok(XdpVerdict::Drop));
    assert_eq!(session.locks_held(), 0);
    *LOCK.lock() += 1;
    assert_eq!(session.locks_held(), 0);
}

#[test]
fn readers_notice_writers() {
    let entry = SHARED.get_ref(0).unwrap();
    assert_eq!(entry.seq.read(|| 1), Some(1));
    assert_eq!(entry.seq.read(|| entry.seq.write(|| 2)), None);
    assert_eq!(
        entry.seq.write(|| (entry.seq.read(|| 1), entry.seq.write(|| 2))),
        Some((None, None))
    );
    assert_eq!(entry.seq.count() % 2, 0);
}

#[test]
fn packets_grow_and_shrink() {
    let session = Session::new();
    let run = |ctx: &mut Xdp<'_>| {
        assert_eq!(ctx.adjust_tail(10_000), Err(Errno::EINVAL));
        assert_eq!(ctx.adjust_tail(6), Ok(()));
        assert_eq!(ctx.adjust_head(-4), Ok(()));
        assert_eq!(ctx.data().len(), 74);
        XdpVerdict::Tx
    };
    let mut packet = Packet::new(&[9; 64]);
    assert_eq!(session.run_xdp(run, &mut packet), Ok(XdpVerdict::Tx));
    assert_eq!(packet.bytes()[68..], [0; 6]);
    let tc = |ctx: &mut Tc<'_>| {
        assert_eq!((ctx.data().len(), ctx.len()), (14, 64));
        assert_eq!(ctx.pull(20), Ok(()));
        ctx.data_mut().unwrap()[19] = 1;
        let mut bytes = [0; 2];
        assert_eq!(ctx.load(19, &mut bytes), Ok(()));
        assert_eq!(bytes, [1, 9]);
        assert!(ctx.load(63, &mut bytes).is_err() && ctx.store(63, &[1]).is_ok());
        TcVerdict::Ok
    };
    assert_eq!(session.run_tc(tc, &mut Packet::new(&[9; 64]).with_linear(14)), Ok(TcVerdict::Ok));
}

#[test]
fn log_is_bounded() {
    let session = Session::new();
    printk!("plain");
    printk!(Level::Warn, "{}{}", "x".repeat(255), "\u{e9}");
    assert_eq!(session.log(), [(6, "plain".into()), (4, "x".repeat(255))]);
}

#[test]
fn parsers_bear_anything() {
    // Every byte that holds a length, at every packet length.
    for len in 0..80 {
        for first in 0..=255u8 {
            let mut bytes = vec![first; len];
            let _ = (Ipv4::parse(&bytes), Udp::parse(&bytes), Tcp::parse(&bytes));
            let _ = Ipv4::parse_mut(&mut bytes);
        }
    }
    let mut ip = [0u8; 30];
    ip[0] = 0x46;
    ip[3] = 26;
    let (_, options, payload) = Ipv4::parse(&ip).unwrap();
    assert_eq!((options.len(), payload.len()), (4, 2), "padding is left out");
    ip[3] = 31;
    assert!(Ipv4::parse(&ip).is_none(), "longer than the packet");
    ip[3] = 23;
    assert!(Ipv4::parse(&ip).is_none(), "shorter than the header");
    let (ip, ..) = {
        ip[0] = 0x45;
        ip[3] = 30;
        Ipv4::parse_mut(&mut ip).unwrap()
    };
    ip.compute_check();
    assert_eq!(checksum::checksum(ip.bytes()), 0);
    let (old, check) = (ip.id(), ip.check());
    ip.set_id(0xbeef);
    ip.set_check(checksum::update(check, old, 0xbeef));
    assert_eq!(checksum::checksum(ip.bytes()), 0);
}
