// SPDX-License-Identifier: GPL-2.0-only
//! The cache: sets of values, found by a keyed hash of the key.
//!
//! What follows memcached's system calls says here when a key's value may change
//! ([`mutation_begins`], [`mutation_ends`]), and what it was ([`candidate`], [`fill`]). XDP only
//! reads ([`find`]).
//!
//! No value that is older than a mutation is ever found after the mutation was executed. Three
//! orders of atomic operations see to that:
//!
//! - A mutation counts itself as pending and raises the generation, and then removes what is there.
//!   For all keys: `meta::all_begins()` *before* `meta::bump_epoch()`.
//! - A candidate notes generation and epoch, and then looks whether something is pending: so what
//!   the server reads from now on is no older than the generation.
//! - A fill publishes, and then looks whether generation and epoch are still the candidate's. Either
//!   it sees the mutation, or the mutation sees what it published.

mod evict;
mod find;
mod pages;
mod set;

#[cfg(test)]
pub use find::before_copy;
pub use find::{Found, Glance, NotFound, Value, find, glance};

use crate::meta::{self, Meta, state};
use crate::proto;
use crate::stats::{Stat, count};
use core::sync::atomic::Ordering::{Relaxed, SeqCst};
#[cfg(test)]
pub use pages::BMC_PAGES;
use pages::NoRoom;
pub use pages::Text;
use rex::prelude::*;
use rex::time::NS_PER_SEC;
pub use set::Set;
use set::State;

/// The longest text of a UDP reply: memcached sends datagrams of 1400 bytes, frame header included.
pub const MAX_TEXT: usize = 1392;
/// The longest text of a value: every reply with it has room in one answer over TCP.
pub const MAX_LONG: usize = 79 * 1024;
/// What a value's block begins with; the store keeps only the rest.
pub const VALUE: &[u8; 6] = b"VALUE ";
/// What follows the last block of a reply.
pub const END: &[u8; 5] = b"END\r\n";

/// No value is answered for longer than a minute: then memcached gets a GET of it, and keeps the
/// item from being evicted as one that nobody asks for. It takes note once a minute.
const REFRESH: u32 = ((64 * NS_PER_SEC) >> meta::TIME_SHIFT) as u32;

/// 64 MiB, unless the loader says otherwise.
const SETS: u32 = 1 << 14;

#[rex_map]
pub static BMC_SETS: RexArray<Set> = RexArray::new(SETS, 0);

/// Who writes a set holds the lock of its index, modulo their number.
///
/// rex.ko takes the lock away from an invocation when that has ended, in whatever way, and not
/// before. So whoever holds it and finds an odd sequence count knows that its writer is no more.
static WRITERS: [SpinLock<u32>; 64] = [const { SpinLock::new(0) }; 64];

/// The keyed hash of a key, never 0: the upper half chooses the set, the lowest 16 bits are the tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyHash(pub u64);

/// That the server read a GET of a key while nothing was pending that might change its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub hash: KeyHash,
    generation: u32,
    epoch: u32,
}

/// Why a value was not put into the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A mutation of the key, or of all, is under way.
    Pending,
    /// There was one since the candidate was noted.
    Changed,
    /// No VALUE block of a key of that length.
    Form,
    /// It is too long.
    Length,
    /// The deadline is over already.
    Expiry,
    /// Another CPU is writing to the set.
    Busy,
    /// The accelerator does not run, or a flush_all is due.
    Off,
}

impl Refused {
    fn stat(self) -> Stat {
        match self {
            Self::Pending => Stat::RefusedPending,
            Self::Changed => Stat::RefusedChanged,
            Self::Form => Stat::RefusedForm,
            Self::Length => Stat::RefusedLength,
            Self::Expiry => Stat::RefusedExpiry,
            Self::Busy => Stat::RefusedBusy,
            Self::Off => Stat::RefusedOff,
        }
    }
}

/// The hash of `key`.
#[inline(always)]
pub fn hash(key: &[u8]) -> KeyHash {
    hash_with(meta::get(), key)
}

#[inline(always)]
pub fn hash_with(meta: &Meta, key: &[u8]) -> KeyHash {
    KeyHash::of(proto::hash(meta.seed.load(Relaxed), key))
}

/// Whether values may be answered and remembered at the time `now`.
#[inline(always)]
pub fn running(meta: &Meta, now: u32) -> bool {
    meta.state.load(Relaxed) == state::RUN
        && meta.generation.load(Relaxed) == rex::program::generation()
        && now < meta.quiet_from.load(Relaxed)
}

/// The set of a hash, and its index.
#[inline(always)]
pub fn set_of(hash: KeyHash) -> Option<(u32, &'static Set)> {
    let index = ((hash.0 >> 32) * u64::from(BMC_SETS.len()) >> 32) as u32;
    Some((index, BMC_SETS.get_ref(index)?))
}

/// The server read a command that may change the value of this key.
#[inline(always)]
pub fn mutation_begins(hash: KeyHash) -> Begun {
    let Some((_, set)) = set_of(hash) else { return Begun { set: None, alone: false } };
    let before = set.state.mutation_begins();
    set.remove(hash.tag());
    Begun { set: Some(set), alone: before.pending() == 0 }
}

/// That a mutation has begun.
#[derive(Clone, Copy)]
pub struct Begun {
    set: Option<&'static Set>,
    alone: bool,
}

impl Begun {
    /// Whether nothing else was pending in the key's set then.
    #[inline(always)]
    pub fn was_alone(self) -> bool {
        self.alone
    }

    /// Whether it is the only one that is pending there now.
    #[inline(always)]
    pub fn is_alone(self) -> bool {
        self.set.is_some_and(|set| set.state.load().pending() == 1)
    }
}

/// The command was executed. Balances one [`mutation_begins`].
pub fn mutation_ends(hash: KeyHash) {
    if let Some((_, set)) = set_of(hash) {
        set.state.mutation_ends();
    }
}

/// The server read a GET of this key. `None` while something is pending, or we do not run.
pub fn candidate(hash: KeyHash) -> Option<Candidate> {
    let meta = meta::get();
    if !running(meta, meta::now()) {
        count(Stat::RefusedOff);
        return None;
    }
    // Before what is pending is looked at, see above.
    let epoch = meta.epoch.load(SeqCst);
    let generation = set_of(hash)?.1.state.load().at_rest();
    match generation.filter(|_| nothing_pending(meta)) {
        Some(generation) => Some(Candidate { hash, generation, epoch }),
        None => {
            count(Stat::RefusedPending);
            None
        }
    }
}

/// The server writes the reply: `block` is exactly `VALUE KEY FLAGS BYTES\r\nDATA\r\n`, without
/// `END\r\n`, and its key, of `key_len` bytes, is that of the candidate. No hit from `deadline` on.
pub fn fill(
    candidate: &Candidate,
    key_len: usize,
    block: &[u8],
    deadline: u32,
) -> Result<(), Refused> {
    counted(try_fill(candidate, set::Entry::of_block(key_len, block, None, deadline)))
}

/// The same, with the number that `gets` gives out.
pub fn fill_with_cas(
    candidate: &Candidate,
    key_len: usize,
    block: &[u8],
    cas: u64,
    deadline: u32,
) -> Result<(), Refused> {
    counted(try_fill(candidate, set::Entry::of_block(key_len, block, Some(cas), deadline)))
}

/// Room for the text of a value that is about to come: `KEY FLAGS BYTES\r\nDATA\r\n`. The value is not
/// in the cache before [`fill_long`].
pub fn room(candidate: &Candidate, len: usize) -> Option<Text> {
    let room = || {
        if len > MAX_LONG {
            return Err(Refused::Length);
        }
        // What would be refused in the end needs no room.
        let (_, set) = set_of(candidate.hash).ok_or(Refused::Off)?;
        candidate.check(meta::get(), set.state.load())?;
        Text::take(len).map_err(|why| match why {
            NoRoom::TooLong => Refused::Length,
            NoRoom::Busy => Refused::Busy,
        })
    };
    room().inspect_err(|why| count(why.stat())).ok()
}

/// All of the text has been put into its room. `start` is its beginning, the key and a space.
pub fn fill_long(
    candidate: &Candidate,
    start: &[u8],
    text: Text,
    cas: Option<u64>,
    deadline: u32,
) -> Result<(), Refused> {
    counted(try_fill(candidate, Ok(set::Entry::of_pages(start, text, cas, deadline))))
}

fn counted(result: Result<(), Refused>) -> Result<(), Refused> {
    count(result.map_or_else(Refused::stat, |()| Stat::Fills));
    result
}

fn try_fill(candidate: &Candidate, entry: Result<set::Entry<'_>, Refused>) -> Result<(), Refused> {
    let (meta, now) = (meta::get(), meta::now());
    let entry = entry?.until(now.saturating_add(REFRESH));
    if !running(meta, now) {
        return Err(Refused::Off);
    }
    if entry.deadline() <= now {
        return Err(Refused::Expiry);
    }
    let (index, set) = set_of(candidate.hash).ok_or(Refused::Off)?;
    // Most of what is refused is so without a lock.
    candidate.check(meta, set.state.load())?;
    let lock = WRITERS.get(index as usize % WRITERS.len()).ok_or(Refused::Busy)?;
    let _alone = lock.try_lock().ok_or(Refused::Busy)?;
    set.end_dead_write();
    set.write(|| {
        // Whoever removes from the set from now on will be seen below.
        let good = candidate.check(meta, set.state.load());
        good.and_then(|()| {
            set.put(candidate.hash.tag(), &entry, candidate.epoch, now);
            let still = candidate.check(meta, set.state.load_after_stores());
            // What it removed may have been moved meanwhile.
            still.inspect_err(|_| set.clear())
        })
    })
    .unwrap_or(Err(Refused::Busy))
}

/// A fill that is cut off in the middle, right behind `write`.
#[cfg(test)]
pub fn cut_off(hash: KeyHash, write: impl FnOnce(&Set)) {
    let (index, set) = set_of(hash).expect("a set");
    let Some(_alone) = WRITERS[index as usize % WRITERS.len()].try_lock() else { return };
    set.end_dead_write();
    // A panic without a message, as far as it goes.
    set.write(|| {
        write(set);
        std::panic::resume_unwind(Box::new(()))
    });
}

impl KeyHash {
    /// Of the hash of its bytes.
    #[inline(always)]
    pub fn of(hash: u64) -> Self {
        Self(hash | 1)
    }

    /// What the set's directory has of it; never 0.
    #[inline(always)]
    fn tag(self) -> u16 {
        self.0 as u16 | 1
    }
}

/// Whether no command of all keys is under way, and all connections are followed.
fn nothing_pending(meta: &Meta) -> bool {
    meta.pending_all.load(SeqCst) == 0 && meta.blind.load(SeqCst) == 0
}

impl Candidate {
    /// To be kept in atomics.
    pub fn words(self) -> [u64; 2] {
        [self.hash.0, u64::from(self.generation) << 32 | u64::from(self.epoch)]
    }

    pub fn from_words([hash, rest]: [u64; 2]) -> Self {
        Self { hash: KeyHash(hash), generation: (rest >> 32) as u32, epoch: rest as u32 }
    }

    /// Whether nothing has begun to change the value since the candidate was noted.
    fn check(&self, meta: &Meta, state: State) -> Result<(), Refused> {
        if !nothing_pending(meta) {
            return Err(Refused::Pending);
        }
        if meta.epoch.load(SeqCst) != self.epoch {
            return Err(Refused::Changed);
        }
        match state.at_rest() {
            None => Err(Refused::Pending),
            Some(generation) if generation != self.generation => Err(Refused::Changed),
            Some(_) => Ok(()),
        }
    }
}
