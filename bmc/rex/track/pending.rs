// SPDX-License-Identifier: GPL-2.0-only
//! Which of the commands that were read may not have been executed yet.

use super::expiry;
use super::rules::Progress;
use crate::meta::{self, Meta};
use crate::stats::{Stat, count};
use crate::store::{self, Begun, KeyHash};
use core::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{Relaxed, SeqCst},
};
use rex::prelude::*;

/// Mutations of so many keys can be pending at once; of more, all keys are.
pub const LIST: usize = 16;

/// Commands that were read and are not known to be executed.
///
/// What is counted elsewhere is counted there before it is noted here, and noted as gone here
/// before it is there. So whatever is cut off in between leaves a counter too high, not too low.
#[derive(SharedPod)]
#[repr(C)]
pub struct Pending {
    /// [`Progress`]
    progress: AtomicU32,
    /// In `list`.
    len: AtomicU32,
    /// Those of whole commands; the rest is of a command that is still being read.
    done: AtomicU32,
    flags: AtomicU32,
    /// Hashes of keys.
    list: [AtomicU64; LIST],
}

/// A [`Pending`].
pub type PendingWords = [u64; 2 + LIST];

/// Counted in `Meta::pending_all`.
const ALL: u32 = 1;
/// Because of the command that is still being read.
const ALL_OPEN: u32 = 2;
/// Counted in `Meta::hidden`: nobody knows what the commands are.
const HIDDEN: u32 = 4;

impl Pending {
    pub const NEW: Self = Self {
        progress: AtomicU32::new(0),
        len: AtomicU32::new(0),
        done: AtomicU32::new(0),
        flags: AtomicU32::new(0),
        list: [const { AtomicU64::new(0) }; LIST],
    };

    /// As it was when [`save`](Self::save) made these.
    #[inline(always)]
    pub fn of(words: &PendingWords) -> Self {
        let pending = Self::NEW;
        pending.load(words);
        pending
    }

    /// [`of`](Self::of), without copying it, into a new one.
    #[inline(always)]
    pub fn load(&self, words: &PendingWords) {
        let [a, b, list @ ..] = words;
        self.progress.store(*a as u32, Relaxed);
        self.len.store((*a >> 32) as u32, Relaxed);
        self.done.store(*b as u32, Relaxed);
        self.flags.store((*b >> 32) as u32, Relaxed);
        for (to, hash) in self.list.iter().zip(list).take((*a >> 32) as usize) {
            to.store(*hash, Relaxed);
        }
    }

    /// Of kept words: rule S, if all that is pending are keys of whole commands. Else nothing is done.
    /// Whether it was so.
    #[inline(always)]
    pub fn wrote(words: &mut PendingWords) -> bool {
        let [a, b, list @ ..] = words;
        let (len, done, flags) = (*a >> 32, *b as u32, *b >> 32);
        if flags != 0 || u64::from(done) != len || len > LIST as u64 {
            return false;
        }
        let mut progress = Progress::from_bits(*a as u32);
        let executed = progress.write();
        *a = len << 32 | u64::from(progress.bits());
        if executed {
            (*a, *b) = (progress.bits().into(), 0);
            for hash in list.iter().take(len as usize) {
                store::mutation_ends(KeyHash(*hash));
            }
        }
        true
    }

    /// To be kept in plain words.
    #[inline(always)]
    pub fn save(&self, words: &mut PendingWords) {
        let pair = |low: &AtomicU32, high: &AtomicU32| {
            u64::from(high.load(Relaxed)) << 32 | u64::from(low.load(Relaxed))
        };
        let [a, b, list @ ..] = words;
        *a = pair(&self.progress, &self.len);
        *b = pair(&self.done, &self.flags);
        for (to, hash) in list.iter_mut().zip(&self.list).take((*a >> 32) as usize) {
            *to = hash.load(Relaxed);
        }
    }

    /// Of kept words: whether nothing is known to be under way at all.
    #[inline(always)]
    pub fn is_none(words: &PendingWords) -> bool {
        let [a, b, ..] = *words;
        a == 0 && b == 0
    }

    /// Of kept words, when nothing is under way: one whole command was read, of a key which is
    /// pending already.
    #[inline(always)]
    pub fn one(words: &mut PendingWords, hash: KeyHash) {
        let mut progress = Progress::default();
        progress.command();
        let [a, b, first, ..] = words;
        *first = hash.0;
        (*a, *b) = (1 << 32 | u64::from(progress.bits()), 1);
    }

    /// Of kept words: whether nothing is pending, and the next read shows that all commands before it
    /// have been executed.
    #[inline(always)]
    pub fn is_quiet(words: &PendingWords) -> bool {
        let [a, b, ..] = *words;
        a >> 32 == 0 && b == 0 && Progress::from_bits(a as u32).proves()
    }

    #[inline(always)]
    pub fn progress(&self) -> Progress {
        Progress::from_bits(self.progress.load(Relaxed))
    }

    #[inline(always)]
    pub fn set_progress(&self, progress: Progress) {
        self.progress.store(progress.bits(), Relaxed);
    }

    /// How often this is in `Meta::pending_all`.
    #[inline(always)]
    pub fn own_all(&self) -> u32 {
        self.flags.load(Relaxed) & ALL
    }

    pub fn is_empty(&self) -> bool {
        self.len.load(Relaxed) == 0 && self.own_all() == 0
    }

    /// A mutation of a key was read. `pending` is called when it is pending.
    #[inline(always)]
    pub fn key(&self, meta: &Meta, hash: KeyHash, pending: impl FnOnce(Begun)) {
        let len = self.len.load(Relaxed);
        let place = self.list.get(len as usize);
        if place.is_none() {
            self.no_place(meta);
        }
        let begun = store::mutation_begins(hash);
        if let Some(place) = place {
            place.store(hash.0, Relaxed);
            self.len.store(len + 1, Relaxed);
        }
        pending(begun);
        if place.is_none() {
            store::mutation_ends(hash);
        }
    }

    /// The list is full: nothing at all is put in until the command was executed.
    #[cold]
    fn no_place(&self, meta: &Meta) {
        count(Stat::PendingOverflow);
        self.all(meta, 0);
        self.flags.fetch_or(ALL_OPEN, Relaxed);
    }

    /// A command was read that may concern all keys.
    pub fn all_keys(&self, meta: &Meta, why: Stat) {
        self.all(meta, 0);
        self.flags.fetch_or(ALL_OPEN, Relaxed);
        meta::bump_epoch(why);
    }

    /// Something was read, and nobody knows what.
    #[cold]
    pub fn anything(&self, meta: &Meta, why: Stat) {
        self.all(meta, HIDDEN);
        meta::bump_epoch(why);
        // With all of them pending, none need be by itself.
        self.whole();
        self.release_keys();
    }

    fn all(&self, meta: &Meta, also: u32) {
        let flags = self.flags.load(Relaxed);
        if also & !flags & HIDDEN != 0 {
            meta.hidden.fetch_add(1, SeqCst);
        }
        if flags & ALL == 0 {
            meta::all_begins();
        }
        self.flags.store(flags | ALL | also, Relaxed);
    }

    /// The command that was being read is whole.
    #[inline(always)]
    pub fn whole(&self) {
        self.done.store(self.len.load(Relaxed), Relaxed);
        let flags = self.flags.load(Relaxed);
        if flags & ALL_OPEN != 0 {
            self.flags.store(flags & !ALL_OPEN, Relaxed);
        }
    }

    /// All whole commands have been executed.
    #[inline(always)]
    pub fn executed(&self, meta: &Meta) {
        if self.done.load(Relaxed) != 0 {
            self.release_keys();
        }
        let flags = self.flags.load(Relaxed);
        if flags & (ALL | ALL_OPEN) == ALL {
            self.release_all(meta, flags);
        }
    }

    /// What was read is executed, or never will be.
    pub fn over(&self, meta: &Meta) {
        let (done, len) = (self.done.load(Relaxed) as usize, self.len.load(Relaxed) as usize);
        // A command that never became whole is not executed: the item expires when it did before.
        for hash in self.list.iter().take(len).skip(done) {
            expiry::unknown(KeyHash(hash.load(Relaxed)));
        }
        if self.flags.load(Relaxed) & ALL_OPEN != 0 {
            meta::bump_epoch(Stat::EpochOverflow);
        }
        self.whole();
        self.executed(meta);
    }

    fn release_keys(&self) {
        let (done, len) = (self.done.load(Relaxed) as usize, self.len.load(Relaxed) as usize);
        self.done.store(0, Relaxed);
        self.len.store(0, Relaxed);
        for hash in self.list.iter().take(done.min(len)) {
            store::mutation_ends(KeyHash(hash.load(Relaxed)));
        }
        // Those of the command that is still being read.
        let mut left = 0;
        for from in self.list.iter().take(len).skip(done) {
            if let Some(to) = self.list.get(left) {
                to.store(from.load(Relaxed), Relaxed);
                left += 1;
            }
        }
        self.len.store(left as u32, Relaxed);
    }

    #[cold]
    fn release_all(&self, meta: &Meta, flags: u32) {
        self.flags.store(flags & !(ALL | HIDDEN), Relaxed);
        if flags & HIDDEN != 0 {
            // As in meta::all_ends().
            let _ = meta.hidden.fetch_update(SeqCst, Relaxed, |n| n.checked_sub(1));
        }
        meta::all_ends();
    }
}

/// A command may be read that nobody sees: no value is put in until rexctl has cleaned up.
#[cold]
pub fn blind(meta: &Meta, why: Stat) {
    meta.blind.store(1, SeqCst);
    meta::bump_epoch(why);
}
