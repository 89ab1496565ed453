// SPDX-License-Identifier: GPL-2.0-only
//! One set: a directory, and the entries behind each other in the order in which they came.

use super::pages::Text;
use super::{END, MAX_TEXT, Refused, VALUE};
use crate::proto::MAX_KEY;
use crate::sum;
use core::sync::atomic::{
    AtomicU16, AtomicU32, AtomicU64,
    Ordering::{Relaxed, SeqCst},
    fence,
};
use rex::prelude::*;

/// The most entries of a set.
pub const SLOTS: usize = 48;
/// A tag is in one of so many.
const BUCKETS: usize = 8;
/// Bytes for entries: what is left of 4096.
pub const ROOM: usize = 4096 - 32 - 8 * BUCKETS - 2 * 2 * SLOTS;
/// Entries begin at multiples of it.
const ALIGN: usize = 2;

/// As an element of the map: any bytes at all are a set, and harm nobody.
#[derive(SharedPod)]
#[repr(C)]
pub struct Set {
    /// Odd while the holder of the lock writes.
    seq: SeqCount,
    /// That all entries are of.
    pub(super) epoch: AtomicU32,
    pub(super) state: AtomicState,
    /// A bit for each slot that had a hit lately. Not exact: two CPUs may overwrite each other.
    pub(super) referenced: AtomicU64,
    /// Slots in use, entries or holes.
    pub(super) count: AtomicU16,
    /// Where the next look for a victim begins.
    pub(super) hand: AtomicU16,
    /// Bytes in use.
    pub(super) used: AtomicU16,
    pad: AtomicU16,
    /// The slots of each bucket, as bits: those with a tag that is in it, and perhaps holes.
    buckets: [AtomicU64; BUCKETS],
    /// The tag of each slot; 0: a hole.
    tags: [AtomicU16; SLOTS],
    pub(super) data: SharedBytes<ROOM>,
    /// Where each slot's entry begins: a [`Place`].
    places: [AtomicU16; SLOTS],
}

const _: () = assert!(size_of::<Set>() == 4096);

/// The generation in the upper half, how many mutations are pending in the lower.
#[derive(SharedPod)]
#[repr(transparent)]
pub struct AtomicState(AtomicU64);

/// A reading of it.
#[derive(Clone, Copy)]
pub struct State(u64);

impl AtomicState {
    /// Both at once: nobody sees the new generation without what is pending. What was before.
    #[inline(always)]
    pub fn mutation_begins(&self) -> State {
        State(self.0.fetch_add((1 << 32) + 1, SeqCst))
    }

    pub fn mutation_ends(&self) {
        // Somebody emptied the map meanwhile: put it right. To others it looks like many pending.
        if self.0.fetch_sub(1, SeqCst) as u32 == 0 {
            self.0.fetch_add(1, SeqCst);
        }
    }

    #[inline(always)]
    pub fn load(&self) -> State {
        State(self.0.load(SeqCst))
    }

    /// After what was stored before is there for all others to see.
    pub fn load_after_stores(&self) -> State {
        fence(SeqCst);
        self.load()
    }
}

impl State {
    pub fn pending(self) -> u32 {
        self.0 as u32
    }

    /// The generation, if nothing is pending.
    pub fn at_rest(self) -> Option<u32> {
        (self.pending() == 0).then_some((self.0 >> 32) as u32)
    }
}

/// Where an entry begins, in the lowest 11 bits, and the lowest 5 bits of the length of its key.
#[derive(Clone, Copy)]
pub(super) struct Place(u16);

const _: () = assert!(ROOM / ALIGN <= 1 << Place::BITS);

impl Place {
    const BITS: u32 = 11;

    fn new(at: usize, key_len: usize) -> Self {
        Self((at / ALIGN) as u16 | (key_len as u16) << Self::BITS)
    }

    /// The same place, if the key has that length. Else it is outside of the set.
    #[inline(always)]
    fn of_key(self, key_len: usize) -> usize {
        usize::from(self.0 ^ (key_len as u16) << Self::BITS) * ALIGN
    }

    fn at(self) -> usize {
        usize::from(self.0 & ((1 << Self::BITS) - 1)) * ALIGN
    }

    /// The same key elsewhere.
    pub(super) fn moved(self, at: usize) -> Self {
        Self(self.0 >> Self::BITS << Self::BITS | (at / ALIGN) as u16)
    }
}

/// What stands before the text of an entry, in one word. The sum of the key's words follows it.
#[derive(Clone, Copy)]
pub struct Head(u64);

impl Head {
    /// Bytes before the text.
    pub const LEN: usize = Self::KEY_SUM + size_of::<u16>();
    /// Where the sum of the key's words is.
    const KEY_SUM: usize = size_of::<u64>();
    /// The number that `gets` gives out is behind the text.
    const CAS: u64 = 0x8000;
    /// The text is in pages. Here is its beginning, the key and a space, and behind the number where
    /// the pages are.
    const IN_PAGES: u64 = 0x4000;
    /// The highest bits of the key's length.
    const KEY_MASK: u64 = 0x3800;
    /// Bytes of the text that are here.
    const LEN_MASK: u64 = 0x07ff;

    #[inline(always)]
    pub fn deadline(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// Bytes of the text: `KEY FLAGS BYTES\r\nDATA\r\n`. If that is in pages: more than any frame has.
    #[inline(always)]
    pub fn len(self) -> usize {
        (self.0 & (Self::IN_PAGES | Self::LEN_MASK)) as usize
    }

    /// What the head has of the length of a key besides [`Place`].
    #[inline(always)]
    fn key_bits(key_len: usize) -> u64 {
        (key_len as u64 >> (16 - Place::BITS)) << 11
    }

    /// Whether the key has that length, if its place says so, too.
    #[inline(always)]
    pub fn is_of_key(self, key_len: usize) -> bool {
        self.0 & Self::KEY_MASK == Self::key_bits(key_len)
    }

    #[inline(always)]
    pub fn is_in_pages(self) -> bool {
        self.0 & Self::IN_PAGES != 0
    }

    /// Bytes of the text that are here, with those up to where anything else may begin.
    fn padded_len(self) -> usize {
        ((self.0 & Self::LEN_MASK) as usize).next_multiple_of(ALIGN)
    }

    /// Bytes of the whole entry.
    fn size(self) -> usize {
        let pages = if self.is_in_pages() { size_of::<[u64; 2]>() } else { 0 };
        Self::LEN + self.padded_len() + self.cas_len() + pages
    }

    fn cas_len(self) -> usize {
        if self.has_cas() { size_of::<u64>() } else { 0 }
    }

    #[inline(always)]
    pub fn has_cas(self) -> bool {
        self.0 & Self::CAS != 0
    }

    /// The checksum's partial sum of it with `VALUE ` in front and `END\r\n` behind.
    #[inline(always)]
    pub fn sum(self) -> u16 {
        (self.0 >> 16) as u16
    }
}

/// What is to be put in.
pub struct Entry<'a> {
    head: Head,
    key_sum: u16,
    key_len: usize,
    text: &'a [u8],
    /// If the head says that there is one.
    cas: u64,
    pages: [u64; 2],
}

impl<'a> Entry<'a> {
    pub fn of_block(
        key_len: usize,
        block: &'a [u8],
        cas: Option<u64>,
        deadline: u32,
    ) -> Result<Self, Refused> {
        if block.len() + END.len() > MAX_TEXT {
            return Err(Refused::Length);
        }
        let text = block.strip_prefix(VALUE).ok_or(Refused::Form)?;
        let well_formed = (1..=MAX_KEY).contains(&key_len)
            && text.get(key_len) == Some(&b' ')
            && text.ends_with(b"\r\n");
        if !well_formed {
            return Err(Refused::Form);
        }
        let sum = sum::fold(sum::of(block) + sum::of_end(block.len()));
        let flags = if cas.is_some() { Head::CAS } else { 0 } | Head::key_bits(key_len);
        let head = u64::from(deadline) << 32 | u64::from(sum) << 16 | flags | text.len() as u64;
        let key_sum = sum::fold(sum::of(text.get(..key_len).ok_or(Refused::Form)?));
        Ok(Self { head: Head(head), key_sum, key_len, text, cas: cas.unwrap_or(0), pages: [0; 2] })
    }

    /// Of a text that is in pages. `start` is its beginning, the key and a space.
    pub fn of_pages(start: &'a [u8], text: Text, cas: Option<u64>, deadline: u32) -> Self {
        let key_len = start.len().saturating_sub(1);
        let flags = if cas.is_some() { Head::CAS } else { 0 } | Head::key_bits(key_len);
        let head = u64::from(deadline) << 32 | flags | Head::IN_PAGES | start.len() as u64;
        let (cas, pages) = (cas.unwrap_or(0), text.words());
        // It is in no frame: nobody asks for the sum.
        Self { head: Head(head), key_sum: 0, key_len, text: start, cas, pages }
    }

    pub fn deadline(&self) -> u32 {
        self.head.deadline()
    }

    /// The same, with that deadline if it is sooner.
    pub fn until(self, deadline: u32) -> Self {
        let deadline = deadline.min(self.deadline());
        let others = self.head.0 & u64::from(u32::MAX);
        Self { head: Head(u64::from(deadline) << 32 | others), ..self }
    }

    /// Bytes that it takes in the set.
    fn size(&self) -> usize {
        self.head.size()
    }
}

impl Set {
    /// How often it was written; odd: it is being written.
    #[inline(always)]
    pub fn writes(&self) -> u32 {
        self.seq.count()
    }

    #[inline(always)]
    fn bucket(&self, tag: u16) -> &AtomicU64 {
        // The lowest bit is always set.
        &self.buckets[usize::from(tag >> 1) % BUCKETS]
    }

    /// The slots that may have this tag, as bits.
    #[inline(always)]
    pub fn slots(&self, tag: u16) -> u64 {
        self.bucket(tag).load(Relaxed)
    }

    /// Whether nobody has written since the count was that, though what was read was read before.
    #[inline(always)]
    pub fn unchanged_since(&self, count: u32) -> bool {
        fence(core::sync::atomic::Ordering::Acquire);
        self.seq.count() == count
    }

    /// Runs `write`. Only with the lock.
    pub fn write<R>(&self, write: impl FnOnce() -> R) -> Option<R> {
        self.seq.write(write)
    }

    /// Empties the set if its writer was cut off. Only with the lock.
    pub fn end_dead_write(&self) {
        if self.seq.count() & 1 != 0 {
            // Before the count is even again: who sees that sees an empty set.
            self.clear();
            self.seq.reset();
        }
    }

    /// Where the entry of `slot` begins, and its head.
    #[inline(always)]
    pub fn head(&self, slot: usize) -> Option<(usize, Head)> {
        let at = self.place(slot)?.at();
        Some((at, Head(self.data.load(at)?)))
    }

    /// The same if that is the entry of `key`, and the sum of the key. Nonsense when somebody writes.
    #[inline(always)]
    pub fn entry_of(&self, slot: usize, key: &[u8]) -> Option<(usize, Head, u16)> {
        let at = self.place(slot)?.of_key(key.len());
        let start = self.data.part(at, Head::LEN + key.len())?;
        let head = Head(start.load(0)?);
        // Of the same length: no key is a part of another, whatever bytes are in it.
        let is_it = head.is_of_key(key.len()) && start.matches(Head::LEN, key);
        is_it.then_some((at, head, start.load(Head::KEY_SUM)?))
    }

    #[inline(always)]
    pub(super) fn place(&self, slot: usize) -> Option<Place> {
        Some(Place(self.places.get(slot)?.load(Relaxed)))
    }

    /// Where the number of `gets` is, of an entry at `at` that has one.
    fn cas_at(at: usize, head: Head) -> usize {
        at + Head::LEN + head.padded_len()
    }

    /// Where its pages are. Nonsense when somebody writes.
    pub fn pages(&self, at: usize, head: Head) -> Option<Text> {
        let words = self.data.load(Self::cas_at(at, head) + head.cas_len());
        head.is_in_pages().then_some(Text::from_words(words?))
    }

    /// That number. Nonsense when somebody writes.
    pub fn cas(&self, at: usize, head: Head) -> Option<u64> {
        head.has_cas().then(|| self.data.load(Self::cas_at(at, head)))?
    }

    /// Notes a hit.
    #[inline(always)]
    pub fn refer(&self, slot: usize) {
        // Without a store when it is there already: the line stays shared among the CPUs.
        if self.referenced.load(Relaxed) >> (slot & 63) & 1 == 0 {
            self.refer_first(slot);
        }
    }

    #[cold]
    #[inline(never)]
    fn refer_first(&self, slot: usize) {
        self.referenced.store(self.referenced.load(Relaxed) | 1 << (slot & 63), Relaxed);
    }

    /// Removes all entries of that tag. Without the lock: others may write meanwhile.
    #[inline(always)]
    pub fn remove(&self, tag: u16) {
        // SeqCst: after the generation was raised.
        let mut slots = self.bucket(tag).load(SeqCst);
        while slots != 0 {
            if let Some(there) = self.tags.get(slots.trailing_zeros() as usize) {
                let _ = there.compare_exchange(tag, 0, SeqCst, SeqCst);
            }
            slots &= slots - 1;
        }
    }

    /// The tag of a slot; 0 for a hole.
    #[inline(always)]
    pub(super) fn tag(&self, slot: usize) -> u16 {
        self.tags.get(slot).map_or(0, |tag| tag.load(Relaxed))
    }

    /// Only while the set is written.
    pub(super) fn set_slot(&self, slot: usize, tag: u16, place: Place) {
        let (Some(there), Some(begin)) = (self.tags.get(slot), self.places.get(slot)) else {
            return;
        };
        begin.store(place.0, Relaxed);
        there.store(tag, Relaxed);
        if tag != 0 {
            let bucket = self.bucket(tag);
            bucket.store(bucket.load(Relaxed) | 1 << slot, Relaxed);
        }
    }

    /// Before all slots are set anew. Only while the set is written.
    pub(super) fn clear_buckets(&self) {
        self.buckets.iter().for_each(|bucket| bucket.store(0, Relaxed));
    }

    /// Where the entry of `slot` begins, and how many bytes it has, holes too. `None` if that is
    /// nonsense, which only a stranger can have written.
    pub(super) fn extent(&self, slot: usize) -> Option<(usize, usize)> {
        let count = usize::from(self.count.load(Relaxed));
        let at = self.place(slot)?.at();
        let used = usize::from(self.used.load(Relaxed));
        let end = if slot + 1 < count { self.place(slot + 1)?.at() } else { used };
        let size = end.checked_sub(at)?;
        (slot < count && size >= Head::LEN && at + size <= ROOM).then_some((at, size))
    }

    /// Half of something.
    #[cfg(test)]
    pub fn put_noise(&self) {
        self.tags.iter().for_each(|tag| tag.store(self.tag(0).max(7), Relaxed));
        self.count.store(33, Relaxed);
        self.used.store(ROOM as u16 + 9, Relaxed);
        self.places.iter().for_each(|place| place.store(16, Relaxed));
        assert!(self.data.copy_from(0, &[0x55; 500]));
    }

    /// That the directory makes sense: entries behind each other, none on another.
    #[cfg(test)]
    pub fn audit(&self) {
        if self.seq.count() & 1 != 0 {
            return;
        }
        let (count, used) = (self.count.load(Relaxed).into(), self.used.load(Relaxed).into());
        assert!(count <= SLOTS && used <= ROOM && usize::from(self.hand.load(Relaxed)) <= count);
        let mut at = 0;
        for slot in 0..count {
            let (begin, size) = self.extent(slot).expect("an entry");
            assert_eq!(begin, at);
            assert_eq!(size, self.head(slot).expect("an entry").1.size());
            at += size;
        }
        assert_eq!(at, used);
        assert!((count..SLOTS).all(|slot| self.tag(slot) == 0));
        let found = |slot: &usize| self.slots(self.tag(*slot)) & 1 << slot != 0;
        assert!((0..count).filter(|slot| self.tag(*slot) != 0).all(|slot| found(&slot)));
        let bits = self.buckets.iter().fold(0, |all, bucket| all | bucket.load(Relaxed));
        assert_eq!(bits.checked_shr(count as u32).unwrap_or(0), 0);
    }

    /// Removes everything. Only while the set is written.
    pub fn clear(&self) {
        self.tags.iter().for_each(|tag| tag.store(0, Relaxed));
        self.clear_buckets();
        self.referenced.store(0, Relaxed);
        self.count.store(0, Relaxed);
        self.hand.store(0, Relaxed);
        self.used.store(0, Relaxed);
    }

    /// Puts an entry in, in the place of those of the same tag. Only while the set is written.
    pub fn put(&self, tag: u16, entry: &Entry<'_>, epoch: u32, now: u32) {
        if self.epoch.load(Relaxed) != epoch {
            self.clear();
            self.epoch.store(epoch, Relaxed);
        }
        let old = (0..usize::from(self.count.load(Relaxed))).find(|slot| self.tag(*slot) == tag);
        self.remove(tag);
        // A value that is written anew has mostly the size that it had.
        if let Some((slot, at)) = old.and_then(|slot| {
            let (at, size) = self.extent(slot)?;
            (size == entry.size()).then_some((slot, at))
        }) {
            return self.put_at(slot, tag, at, entry);
        }
        let was_referenced = old.is_some_and(|slot| self.referenced.load(Relaxed) & 1 << slot != 0);
        if self.make_room(entry.size(), now).is_none() {
            // Nonsense in the directory.
            self.clear();
        }
        let (slot, at) = (self.count.load(Relaxed), self.used.load(Relaxed));
        self.count.store(slot + 1, Relaxed);
        self.used.store(at + entry.size() as u16, Relaxed);
        let bit = 1u64 << (slot & 63);
        let others = self.referenced.load(Relaxed) & !bit;
        self.referenced.store(if was_referenced { others | bit } else { others }, Relaxed);
        self.put_at(usize::from(slot), tag, usize::from(at), entry);
    }

    fn put_at(&self, slot: usize, tag: u16, at: usize, entry: &Entry<'_>) {
        let written = self.data.copy_from(at, &entry.head.0.to_ne_bytes())
            && self.data.copy_from(at + Head::KEY_SUM, &entry.key_sum.to_ne_bytes())
            && self.data.copy_from(at + Head::LEN, entry.text)
            && (!entry.head.has_cas()
                || self.data.copy_from(Self::cas_at(at, entry.head), &entry.cas.to_ne_bytes()))
            && (!entry.head.is_in_pages() || self.put_pages(at, entry));
        self.set_slot(slot, if written { tag } else { 0 }, Place::new(at, entry.key_len));
    }

    fn put_pages(&self, at: usize, entry: &Entry<'_>) -> bool {
        let [number, place] = entry.pages.map(u64::to_ne_bytes);
        let at = Self::cas_at(at, entry.head) + entry.head.cas_len();
        self.data.copy_from(at, &number) && self.data.copy_from(at + number.len(), &place)
    }
}
