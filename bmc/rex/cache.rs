// SPDX-License-Identifier: GPL-2.0-only
//! The cache: direct-mapped buckets, each with one reply.

use crate::proto::{self, Value};
use core::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};
use rex::cpu::random;
use rex::prelude::*;

/// The longest text of a UDP reply: memcached sends datagrams of 1400 bytes, frame header included.
const MAX_TEXT: usize = 1392;
/// A power of two.
const BUCKETS: u32 = 1 << 16;

#[rex_map]
static BMC_CACHE: RexArray<Bucket> = RexArray::new(BUCKETS, 0);

/// Who writes a bucket holds the lock of its index, modulo their number.
///
/// rex.ko takes the lock away from an invocation when that has ended, in whatever way, and not
/// before. So whoever holds it and finds an odd `seq` knows that its writer is no more: neither
/// time nor state of the program would tell.
static WRITERS: [SpinLock<u32>; 64] = [const { SpinLock::new(0) }; 64];

/// What keys are hashed with; 0: not chosen yet.
static SEED: AtomicU64 = AtomicU64::new(0);

/// One reply, or none.
///
/// It is good while `filled == valid`. An invalidation only adds to `valid`: it waits for nobody,
/// and also defeats a fill that is under way. A fill that the watchdog cut off leaves `seq` odd,
/// and nobody reads the bucket until the next fill.
#[derive(SharedPod)]
#[repr(C)]
pub struct Bucket {
    seq: SeqCount,
    valid: AtomicU32,
    filled: AtomicU32,
    /// Bytes of the key, and in the upper half those of the whole reply text; 0: never filled.
    lens: AtomicU32,
    /// The key, then what follows it in the reply.
    text: SharedBytes<MAX_TEXT>,
}

/// What became of a hit.
pub enum Answer {
    /// The reply, of that many bytes of text, is in the packet.
    Copied(usize),
    /// It does not fit the frame.
    NoRoom,
}

/// The bucket of `key`.
#[inline(always)]
pub fn bucket(key: &[u8]) -> Option<&'static Bucket> {
    BMC_CACHE.get_ref(index(key))
}

#[inline(always)]
fn index(key: &[u8]) -> u32 {
    proto::hash(seed(), key) as u32 & (BUCKETS - 1)
}

/// Puts a reply in, instead of the one that is there. `None` when it is too long, or another
/// CPU is writing there.
pub fn fill(value: &Value<'_>) -> Option<()> {
    let text_len = b"VALUE ".len() + value.key.len() + value.rest.len();
    if text_len > MAX_TEXT {
        return None;
    }
    write(value.key, |bucket| bucket.put(value, text_len))?
}

/// Runs `write` on the bucket of `key`, which nobody else reads or writes meanwhile. `None` when
/// another CPU is doing the same.
pub fn write<R>(key: &[u8], write: impl FnOnce(&Bucket) -> R) -> Option<R> {
    let index = index(key);
    let bucket = BMC_CACHE.get_ref(index)?;
    let _alone = WRITERS.get(index as usize % WRITERS.len())?.try_lock()?;
    bucket.end_dead_write();
    bucket.seq.write(|| write(bucket))
}

#[inline(always)]
fn seed() -> u64 {
    match SEED.load(Relaxed) {
        0 => new_seed(),
        seed => seed,
    }
}

/// The first one who needs a seed makes it, for all.
#[cold]
fn new_seed() -> u64 {
    let seed = u64::from(random()) << 32 | u64::from(random()) | 1;
    SEED.compare_exchange(0, seed, Relaxed, Relaxed).map_or_else(|other| other, |_| seed)
}

impl Bucket {
    /// Nobody gets what is in it, or is being put into it.
    pub fn invalidate(&self) {
        self.valid.fetch_add(1, Release);
    }

    /// Runs `read`; its result, unless the bucket was written meanwhile.
    #[inline(always)]
    pub fn read<R>(&self, read: impl FnOnce(&Self) -> R) -> Option<R> {
        self.seq.read(|| read(self))
    }

    /// The length of the reply's text if it is that of `key`. Only within [`read`](Self::read).
    #[inline(always)]
    pub fn holds(&self, key: &[u8]) -> Option<usize> {
        let lens = self.lens.load(Relaxed);
        let good = lens & 0xffff == key.len() as u32
            && self.filled.load(Relaxed) == self.valid.load(Acquire)
            && self.text.matches(0, key);
        good.then_some((lens >> 16) as usize)
    }

    /// Fills `to` with what follows the key in the reply. Only within [`read`](Self::read).
    #[inline(always)]
    pub fn copy_rest(&self, key_len: usize, to: &mut [u8]) -> bool {
        self.text.copy_to(key_len, to)
    }

    /// Empties the bucket if its writer was cut off. Only with the bucket's lock.
    #[inline(always)]
    fn end_dead_write(&self) {
        if self.seq.count() & 1 != 0 {
            // Before the count is even again: who sees that sees this, too, and no half reply.
            self.lens.store(0, Relaxed);
            self.seq.reset();
        }
    }

    /// Writes a reply of `text_len` bytes. Only within [`write`].
    fn put(&self, value: &Value<'_>, text_len: usize) -> Option<()> {
        let valid = self.valid.load(Acquire);
        let copied =
            self.text.copy_from(0, value.key) && self.text.copy_from(value.key.len(), value.rest);
        let lens = (text_len as u32) << 16 | value.key.len() as u32;
        self.lens.store(if copied { lens } else { 0 }, Relaxed);
        self.filled.store(valid, Relaxed);
        copied.then_some(())
    }
}
