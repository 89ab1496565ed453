// SPDX-License-Identifier: GPL-2.0-only
//! What goes wrong while a program holds something, and what looks wrong and is not.
//! rex-hostile-hooks.t looks for the words behind "here:" to know the lines.
#![no_std]
use core::hint::{black_box, spin_loop};
use core::sync::atomic::{AtomicU32, Ordering};
use rex::map::RexRingBuf;
use rex::prelude::*;

static A: SpinLock<u64> = SpinLock::new(0);
static B: SpinLock<u64> = SpinLock::new(0);

#[rex_map]
static RING: RexRingBuf = RexRingBuf::new(4096, 0);

#[rex_map]
static FEW: RexArray<u64> = RexArray::new(4, 0);

#[rex_map]
static TABLE: RexHashMap<u32, u64> = RexHashMap::new(4, 0);

/// Two locks and a record, and then?
#[inline(always)]
fn holding(then: impl FnOnce()) {
    let mut a = A.lock();
    let mut b = B.lock();
    let record = RING.reserve::<u64>();
    *a += 1;
    *b += u64::from(record.is_some());
    then();
    if let Some(record) = record {
        record.submit();
    }
}

#[rex_xdp]
pub fn holding_panic(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let len = ctx.data().len();
    holding(|| {
        assert!(black_box(len) == 0, "all in hand"); // here: holding_panic
    });
    XdpVerdict::Drop
}

#[rex_xdp]
pub fn holding_loop(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    holding(|| {
        while black_box(true) {} // here: holding_loop
    });
    XdpVerdict::Drop
}

/// Drops the packet when all is free, and puts a record in the buffer.
#[rex_xdp]
pub fn probe(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    match (A.try_lock(), B.try_lock(), RING.reserve::<u64>()) {
        (Some(_a), Some(_b), Some(record)) => {
            record.submit();
            XdpVerdict::Drop
        }
        _ => XdpVerdict::Pass,
    }
}

static CAME: [AtomicU32; 2] = [AtomicU32::new(0), AtomicU32::new(0)];

/// Until both are here, each with its first lock.
#[inline(always)]
fn meet(me: usize) {
    CAME[me].store(1, Ordering::Relaxed);
    while CAME[1 - me].load(Ordering::Relaxed) == 0 {
        spin_loop();
    }
}

#[rex_tc]
pub fn lock_ab(_ctx: &mut Tc<'_>) -> TcVerdict {
    let mut first = A.lock();
    meet(0);
    let second = B.lock(); // here: lock_ab
    *first += *second;
    TcVerdict::Ok
}

#[rex_tc]
pub fn lock_ba(_ctx: &mut Tc<'_>) -> TcVerdict {
    let mut first = B.lock();
    meet(1);
    let second = A.lock(); // here: lock_ba
    *first += *second;
    TcVerdict::Ok
}

#[inline(never)]
#[allow(unconditional_recursion)]
fn huge(depth: u64 /* here: huge_frames */) -> u64 {
    let mut frame = [depth; 800];
    black_box(&mut frame);
    black_box(huge(depth + 1)) ^ frame[7]
}

#[rex_xdp]
pub fn huge_frames(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    if huge(0) == 1 { XdpVerdict::Drop } else { XdpVerdict::Pass }
}

/// A destructor that panics, while another one is pending.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(black_box(false), "in a destructor"); // here: drop_panic
    }
}

#[rex_tc]
pub fn drop_panic(_ctx: &mut Tc<'_>) -> TcVerdict {
    let _pending = Bomb;
    let _bomb = Bomb;
    TcVerdict::Shot
}

/// Nothing is wrong here: what is not there is `None`. Drops the packet.
#[rex_xdp]
pub fn out_of_range(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let far = black_box(4u32);
    let data = ctx.data();
    if FEW.get(far).is_none()
        && FEW.get(u32::MAX).is_none()
        && !FEW.set(far, 1)
        && TABLE.get(&black_box(77)).is_none()
        && data.get(black_box(data.len())).is_none()
        && data.get(black_box(usize::MAX - 1)..).is_none()
    {
        XdpVerdict::Drop
    } else {
        XdpVerdict::Pass
    }
}
