// SPDX-License-Identifier: GPL-2.0-only
//! Tests of the crate against the mock.

mod maps;
mod stream;
mod tracing;

use rex::bytes::shift_up;
use rex::map::RexStackTrace;
use rex::mock::{self, Packet, Session};
use rex::net::{Ipv4, Tcp, Udp, checksum};
use rex::prelude::*;
use rex::probe::{self, KernelAddr, UserAddr};
use rex::signal::{self, Signal};
use rex::stack::Chain;
use rex::task::{self, Comm};
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
fn the_distance_of_a_copy_does_not_matter() {
    let from: Vec<u8> = (0..600).map(|i| (i * 7 + i / 251) as u8).collect();
    let shared = SharedBytes::<700>::new();
    assert!(shared.copy_from(0, &from));
    let mut room = vec![0; 3 * 4096];
    // Targets from 40 bytes below the source to 40 above it, modulo 4096.
    let source = (&raw const shared).addr();
    let start = source.wrapping_sub(room.as_ptr().addr() + 40) % 4096;
    for to in start..start + 80 {
        for len in [255, 256, 257, 264, 288, 289, 320, 511, 600] {
            room.fill(9);
            assert!(shared.copy_to(0, &mut room[to..to + len]));
            assert_eq!(&room[to..to + len], &from[..len], "{len} bytes, {}", to - start);
            assert!(room[..to].iter().chain(&room[to + len..]).all(|byte| *byte == 9));
        }
    }
}

#[test]
fn long_shared_bytes_are_copied() {
    let from: Vec<u8> = (0..600).map(|i| (i * 7 + i / 251) as u8).collect();
    for len in 100..=600 {
        let shared = SharedBytes::<602>::new();
        assert!(shared.copy_from(1, &from[..len]));
        let mut all = vec![9; len + 2];
        assert!(shared.copy_to(1, &mut all[1..=len]));
        assert_eq!(&all[1..=len], &from[..len]);
        assert_eq!((all[0], all[len + 1]), (9, 9));
        for to in [0, 1, 3, 40] {
            let shared = SharedBytes::<602>::new();
            assert!(
                shared.copy_from(2, &from)
                    && shared.copy_down(602 - len, to, len) | (to > 602 - len)
            );
            assert!(to > 602 - len || shared.matches(to, &from[600 - len..]), "{len} to {to}");
        }
    }
}

#[test]
fn bytes_are_shifted_up() {
    for len in 0..80 {
        for by in 0..20 {
            let mut bytes: Vec<u8> = (0..100).collect();
            let mut copy = bytes.clone();
            copy.copy_within(..len, by);
            assert!(shift_up(&mut bytes[..len + by], len, by));
            assert_eq!(bytes, copy, "{len} by {by}");
            assert!(len + by == 0 || !shift_up(&mut bytes[..len + by - 1], len, by));
            assert_eq!(bytes, copy);
        }
    }
    assert!(!shift_up(&mut [1, 2], usize::MAX, 3) && !shift_up(&mut [1, 2], 3, usize::MAX));
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
fn tasks_are_found_and_described() {
    let session = Session::new();
    let other = mock::Task {
        pid: 7,
        tgid: 5,
        uid: 65534,
        gid: u32::MAX,
        comm: Comm::new("a name of more than fifteen bytes"),
        cgroup_id: 1 << 40,
        utime_ns: 3,
        user_regs: Some(mock::Regs::new().with_arg(1, 0x7000).of_user()),
    };
    session.add_task(other.clone());
    let me = task::current();
    assert_eq!((me.pid(), me.get_pid(), me.comm() == "mock"), (1000, 1000, true));
    let found = task::find(7).unwrap();
    assert_ne!(found, me);
    assert_eq!((found.pid(), found.tgid(), found.uid(), found.gid()), (7, 5, 65534, u32::MAX));
    assert_eq!(found.comm().as_bytes(), b"a name of more ");
    assert_eq!((found.cgroup_id(), found.utime_ns()), (1 << 40, 3));
    assert_eq!(found.user_regs().map(|regs| (regs.si(), regs.is_user())), Some((0x7000, true)));
    assert!(me.user_regs().is_none());
    assert!(task::find(8).is_none() && task::find(-1).is_none());
    session.set_current(other);
    assert_eq!(format!("{:?}", task::current()), "Task(7 a name of more )");
}

#[test]
fn names_that_are_no_utf8_are_cut() {
    let session = Session::new();
    session.map_memory(16, b"caf\xc3\xa9\xff\xfe...0123456");
    let comm: Comm = probe::read_kernel(KernelAddr(16)).unwrap();
    assert_eq!((comm.as_str(), comm.as_bytes().len()), ("caf\u{e9}", 16));
    session.map_memory(16, b"\xff\0..............");
    let comm: Comm = probe::read_kernel(KernelAddr(16)).unwrap();
    assert_eq!((comm.as_str(), comm.as_bytes()), ("", &b"\xff"[..]));
}

#[test]
fn reads_give_all_or_zeroes() {
    let session = Session::new();
    session.map_memory(0x1000, b"hello\0world");
    assert_eq!(probe::read_user::<[u8; 5]>(UserAddr(0x1000)), Ok(*b"hello"));
    assert_eq!(probe::read_kernel::<u16>(KernelAddr(0x1000).offset(1)), Ok(0x6c65));
    assert_eq!(probe::read_kernel::<u64>(KernelAddr(0x1004)), Err(Errno::EFAULT));
    assert_eq!(probe::read_kernel::<u8>(KernelAddr(u64::MAX)), Err(Errno::EFAULT));
    let mut bytes = [9; 12];
    assert_eq!(probe::read_user_bytes(UserAddr(0x1000), &mut bytes), Err(Errno::EFAULT));
    assert_eq!(bytes, [0; 12]);
    assert_eq!(probe::read_kernel_bytes(KernelAddr(0x1006), &mut bytes[..5]), Ok(()));
    assert_eq!(&bytes, b"world\0\0\0\0\0\0\0");
}

#[test]
fn texts_are_cut_to_fit() {
    let session = Session::new();
    session.map_memory(0x1000, b"hello\0world");
    let mut room = [9; 8];
    assert_eq!(probe::read_user_str(UserAddr(0x1000), &mut room), Ok(&b"hello"[..]));
    assert_eq!(room, *b"hello\0\0\0");
    assert_eq!(probe::read_kernel_str(KernelAddr(0x1000), &mut room[..3]), Ok(&b"he"[..]));
    assert_eq!(probe::read_kernel_str(KernelAddr(0x1000), &mut room[..1]), Ok(&b""[..]));
    assert_eq!(probe::read_kernel_str(KernelAddr(0x1000), &mut []), Err(Errno::EINVAL));
    assert_eq!(probe::read_user_str(UserAddr(0x1006), &mut room), Err(Errno::EFAULT));
    assert_eq!(room, [0; 8]);
}

#[test]
fn signals_go_to_thread_or_process() {
    let session = Session::new();
    assert_eq!(signal::send_to_process(Signal::KILL), Ok(()));
    assert_eq!(signal::send_to_thread(Signal::USR1), Ok(()));
    assert_eq!(session.signals(), [(9, true), (10, false)]);
    assert_eq!((Signal::new(0), Signal::new(65)), (None, None));
    assert_eq!(Signal::new(64).map(Signal::get), Some(64));
}

#[test]
fn call_chains_are_read_and_numbered() {
    #[rex_map]
    static STACKS: RexStackTrace<4> = RexStackTrace::new(8, 0);
    let session = Session::new();
    let run = |obj: &Kprobe, _: &mut PtRegs| {
        let mut room = [9; 3];
        assert_eq!(obj.get_stack(&mut room, Chain::USER), Err(Errno::EFAULT));
        session.set_stack(&[1, 2]);
        assert_eq!(obj.get_stack(&mut room, Chain::KERNEL), Ok(&[1, 2][..]));
        assert_eq!(obj.get_stack(&mut room[..1], Chain::KERNEL.skip(1)), Ok(&[2][..]));
        let numbers = [0, 0, 1].map(|n| obj.get_stackid(&STACKS, Chain::KERNEL.skip(n)));
        assert_eq!(numbers, [Ok(0), Ok(0), Ok(1)]);
        assert_eq!(
            obj.get_stackid(&RexStackTrace::<4>::new(8, 0), Chain::KERNEL),
            Err(Errno::EINVAL)
        );
        Ok(0)
    };
    assert_eq!(session.run_kprobe(run, &mut mock::Regs::new()), Ok(0));
}

#[test]
fn trace_is_bounded() {
    let session = Session::new();
    trace_printk!("plain");
    trace_printk!("{}{}", "x".repeat(255), "\u{e9}");
    assert_eq!(session.trace(), ["plain".into(), "x".repeat(255)]);
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
