// SPDX-License-Identifier: GPL-2.0-only
//! Maps, atomics, locks and ring buffer records: the same work as in ops.bpf.c, by the same names.
#![no_std]

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use rex::prelude::*;

/// MICRO_CHAIN of micro.h.
const CHAIN: u32 = 512;
/// MICRO_RING of micro.h.
const RING_SIZE: u32 = 1 << 22;
const BPF_F_ZERO_SEED: u32 = 1 << 6;

#[rex_map]
static ARRAY: RexArray<u32> = RexArray::new(CHAIN, 0);
#[rex_map]
static PERCPU: RexPerCpuArray<u32> = RexPerCpuArray::new(CHAIN, 0);
#[rex_map]
static HASH: RexHashMap<u32, u32> = RexHashMap::new(CHAIN, BPF_F_ZERO_SEED);
#[rex_map]
static RING: RexRingBuf = RexRingBuf::new(RING_SIZE, 0);
#[rex_map]
static SINK: RexArray<u64> = RexArray::new(1, 0);

static COUNTER: AtomicU64 = AtomicU64::new(0);
static LOCKED: SpinLock<u64> = SpinLock::new(0);

macro_rules! times_few {
    ($($op:tt)*) => { $($op)* $($op)* $($op)* $($op)* $($op)* $($op)* $($op)* $($op)* };
}

macro_rules! times_many {
    ($($op:tt)*) => {
        times_few!($($op)*);
        times_few!($($op)*);
        times_few!($($op)*);
        times_few!($($op)*);
        times_few!($($op)*);
    };
}

fn start(ctx: &Tc<'_>) -> u32 {
    ctx.data().len() as u32
}

fn finish(result: u64) -> TcVerdict {
    SINK.set(0, result);
    TcVerdict::Ok
}

/// Follows a chain: the value found is the next key.
macro_rules! lookups {
    ($name:ident, $times:ident, |$key:ident| $lookup:expr) => {
        #[rex_tc]
        pub fn $name(ctx: &mut Tc<'_>) -> TcVerdict {
            let mut $key = start(ctx);
            $times! {
                match $lookup {
                    Some(next) => $key = next,
                    None => return TcVerdict::Shot,
                }
            }
            finish(u64::from($key))
        }
    };
}

macro_rules! once {
    ($($op:tt)*) => { $($op)* };
}

#[rex_tc]
pub fn array_none(ctx: &mut Tc<'_>) -> TcVerdict {
    finish(u64::from(start(ctx)))
}

lookups!(array_one, once, |key| ARRAY.get(key));
lookups!(array_few, times_few, |key| ARRAY.get(key));
lookups!(array_many, times_many, |key| ARRAY.get(key));
lookups!(percpu_few, times_few, |key| PERCPU.get(key));
lookups!(percpu_many, times_many, |key| PERCPU.get(key));
lookups!(hash_few, times_few, |key| HASH.get(&key));
lookups!(hash_many, times_many, |key| HASH.get(&key));

#[rex_tc]
pub fn atomic_few(_ctx: &mut Tc<'_>) -> TcVerdict {
    times_few! { COUNTER.fetch_add(1, Relaxed); }
    finish(COUNTER.load(Relaxed))
}

#[rex_tc]
pub fn atomic_many(_ctx: &mut Tc<'_>) -> TcVerdict {
    times_many! { COUNTER.fetch_add(1, Relaxed); }
    finish(COUNTER.load(Relaxed))
}

#[rex_tc]
pub fn lock_few(_ctx: &mut Tc<'_>) -> TcVerdict {
    times_few! { let mut n = LOCKED.lock(); *n = n.wrapping_add(1); drop(n); }
    finish(*LOCKED.lock())
}

#[rex_tc]
pub fn lock_many(_ctx: &mut Tc<'_>) -> TcVerdict {
    times_many! { let mut n = LOCKED.lock(); *n = n.wrapping_add(1); drop(n); }
    finish(*LOCKED.lock())
}

/// With the check of an overflow, and without.
macro_rules! arithmetic {
    ($name:ident, $times:ident, |$n:ident| $op:expr) => {
        #[rex_tc]
        pub fn $name(ctx: &mut Tc<'_>) -> TcVerdict {
            let mut $n = start(ctx);
            $times! { $n = $op; }
            finish(u64::from($n))
        }
    };
}

arithmetic!(add_few, times_few, |n| n + (n >> 1));
arithmetic!(add_many, times_many, |n| n + (n >> 1));
arithmetic!(add_wrapping_few, times_few, |n| n.wrapping_add(n >> 1));
arithmetic!(add_wrapping_many, times_many, |n| n.wrapping_add(n >> 1));
arithmetic!(mul_few, times_few, |n| n * 11 >> 3);
arithmetic!(mul_many, times_many, |n| n * 11 >> 3);
arithmetic!(mul_wrapping_few, times_few, |n| n.wrapping_mul(11) >> 3);
arithmetic!(mul_wrapping_many, times_many, |n| n.wrapping_mul(11) >> 3);

/// struct micro_record of micro.h.
#[derive(Clone, Copy, Pod)]
#[repr(C)]
struct Record {
    sequence: u64,
    check: u64,
}

macro_rules! reserves {
    ($name:ident, $times:ident) => {
        #[rex_tc]
        pub fn $name(ctx: &mut Tc<'_>) -> TcVerdict {
            let mut sequence = u64::from(start(ctx));
            $times! {
                let Some(mut record) = RING.reserve::<Record>() else { return TcVerdict::Shot };
                record.sequence = sequence;
                record.check = !sequence;
                sequence += 1;
                record.submit();
            }
            finish(sequence)
        }
    };
}

reserves!(reserve_few, times_few);
reserves!(reserve_many, times_many);

macro_rules! outputs {
    ($name:ident, $times:ident) => {
        #[rex_tc]
        pub fn $name(ctx: &mut Tc<'_>) -> TcVerdict {
            let mut sequence = u64::from(start(ctx));
            $times! {
                let record = Record { sequence, check: !sequence };
                sequence += 1;
                if RING.output(&record).is_err() {
                    return TcVerdict::Shot;
                }
            }
            finish(sequence)
        }
    };
}

outputs!(output_few, times_few);
outputs!(output_many, times_many);
