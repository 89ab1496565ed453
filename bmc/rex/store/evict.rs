// SPDX-License-Identifier: GPL-2.0-only
//! Which entries make room for another.
//!
//! A hand moves over the entries in the order of their arrival, from old to new. An entry that had a
//! hit since the hand's last visit stays in place and needs a new hit for the next round; the others
//! may be evicted. (The algorithm is SIEVE: a value that is requested once leaves soon, a popular one
//! never moves, and a hit costs one bit.) Of the next few candidates the largest is evicted: it
//! occupies the room of many, and is not requested more often.

use super::set::{ROOM, SLOTS, Set};
use crate::stats::{self, Stat};
use core::sync::atomic::Ordering::Relaxed;

/// The largest of so many goes.
const WINDOW: u32 = 16;

impl Set {
    /// Makes room for another entry of `size` bytes. Only while the set is written. `None` when
    /// what the directory says is nonsense.
    pub(super) fn make_room(&self, size: usize, now: u32) -> Option<()> {
        let (count, used) = (self.count.load(Relaxed), self.used.load(Relaxed));
        if usize::from(count) < SLOTS && usize::from(used) + size <= ROOM {
            return Some(());
        }
        let keep = self.choose(usize::from(count).min(SLOTS), size, now)?;
        self.compact(keep)
    }

    /// A bit for each of the `count` slots that stays.
    fn choose(&self, count: usize, size: usize, now: u32) -> Option<u64> {
        let (mut keep, mut used) = (0u64, 0);
        for slot in 0..count {
            let (_, bytes) = self.extent(slot)?;
            let (_, head) = self.head(slot)?;
            if self.tag(slot) != 0 && now < head.deadline() {
                keep |= 1 << slot;
                used += bytes;
            }
        }
        let mut hand = usize::from(self.hand.load(Relaxed));
        let mut referenced = self.referenced.load(Relaxed);
        while keep != 0 && (used + size > ROOM || keep.count_ones() >= SLOTS as u32) {
            if hand >= count {
                hand = 0;
            }
            // Somewhere ahead is one to keep, if only behind the turn.
            if keep & !referenced & 1 << hand == 0 {
                referenced &= !(1 << hand);
                hand += 1;
                continue;
            }
            let (victim, bytes) = self.largest(keep & !referenced & u64::MAX << hand)?;
            keep &= !(1 << victim);
            used -= bytes;
            stats::count(Stat::Evictions);
        }
        self.referenced.store(referenced, Relaxed);
        self.hand.store(hand as u16, Relaxed);
        Some(keep)
    }

    /// The largest of the first few of `slots`, and its size.
    fn largest(&self, mut slots: u64) -> Option<(u32, usize)> {
        let mut largest = (0, 0);
        for _ in 0..WINDOW.min(slots.count_ones()) {
            let slot = slots.trailing_zeros();
            slots &= slots - 1;
            let bytes = self.extent(slot as usize)?.1;
            if bytes > largest.1 {
                largest = (slot, bytes);
            }
        }
        Some(largest)
    }

    /// Moves the entries to `keep` together.
    fn compact(&self, keep: u64) -> Option<()> {
        let hand = u32::from(self.hand.load(Relaxed));
        let all = self.referenced.load(Relaxed);
        let (mut to_slot, mut to, mut referenced) = (0, 0, 0u64);
        let count = usize::from(self.count.load(Relaxed)).min(SLOTS);
        self.clear_buckets();
        for slot in 0..count {
            if keep & 1 << slot == 0 {
                continue;
            }
            let (at, size) = self.extent(slot)?;
            if at != to && !self.data.copy_down(at, to, size) {
                return None;
            }
            self.set_slot(to_slot, self.tag(slot), self.place(slot)?.moved(to));
            referenced |= (all >> slot & 1) << to_slot;
            to_slot += 1;
            to += size;
        }
        for slot in to_slot..count {
            self.set_slot(slot, 0, self.place(slot)?.moved(to));
        }
        self.referenced.store(referenced, Relaxed);
        // As many are before the hand as before.
        let before = keep & 1u64.checked_shl(hand).map_or(u64::MAX, |bit| bit - 1);
        self.hand.store(before.count_ones() as u16, Relaxed);
        self.count.store(to_slot as u16, Relaxed);
        self.used.store(to as u16, Relaxed);
        Some(())
    }
}
