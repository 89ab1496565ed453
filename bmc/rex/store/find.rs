// SPDX-License-Identifier: GPL-2.0-only
use super::pages::Text;
use super::set::{Head, Set};
use super::{KeyHash, set_of};
use crate::stats::Stat;
use core::sync::atomic::Ordering::Relaxed;

/// A value that is there, or was when it was found.
#[derive(Clone, Copy)]
pub struct Found {
    set: &'static Set,
    count: u32,
    at: u32,
    head: Head,
    key_sum: u16,
}

/// Why nothing was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotFound {
    /// It is not there.
    Absent,
    /// The set is being written.
    Busy,
    /// It is too old.
    Expired,
}

impl NotFound {
    /// What a GET that ends so is counted as.
    #[inline(always)]
    pub fn stat(self) -> Stat {
        match self {
            Self::Absent => Stat::Misses,
            Self::Busy => Stat::PassBusy,
            Self::Expired => Stat::PassExpired,
        }
    }
}

/// Looks for the value of `key`, in the epoch `epoch`, at the time `now`.
#[inline(always)]
pub fn find(hash: KeyHash, key: &[u8], epoch: u32, now: u32) -> Result<Found, NotFound> {
    let Some((_, set)) = set_of(hash) else { return Err(NotFound::Absent) };
    // If it is odd, this is a count that the set no longer has: so it is busy.
    let count = set.writes() & !1;
    found(set, count, search(set, hash.tag(), key), epoch, now)
}

/// What was found since the set's count was `count`.
#[inline(always)]
fn found(
    set: &'static Set,
    count: u32,
    place: Option<Place>,
    epoch: u32,
    now: u32,
) -> Result<Found, NotFound> {
    let Some((slot, (at, head, key_sum))) = place else { return Err(nothing_since(set, count)) };
    let same_epoch = set.epoch.load(Relaxed) == epoch;
    if !set.unchanged_since(count) {
        return Err(NotFound::Busy);
    }
    if !same_epoch {
        return Err(NotFound::Absent);
    }
    if now >= head.deadline() {
        return Err(NotFound::Expired);
    }
    set.refer(slot);
    Ok(Found { set, count, at: at as u32, head, key_sum })
}

#[inline(always)]
fn nothing_since(set: &Set, count: u32) -> NotFound {
    if set.unchanged_since(count) { NotFound::Absent } else { NotFound::Busy }
}

/// Where the entry of a key may be: a slot that had its tag when the set's count was `count`.
#[derive(Clone, Copy)]
pub struct Glance {
    pub set: &'static Set,
    pub count: u32,
    pub slot: u16,
}

/// Looks at the set's directory only: most keys that are not in the cache have no slot there.
#[inline(always)]
pub fn glance(hash: KeyHash) -> Result<Glance, NotFound> {
    let Some((_, set)) = set_of(hash) else { return Err(NotFound::Absent) };
    // As in find().
    let count = set.writes() & !1;
    let tag = hash.tag();
    let mut slots = set.slots(tag);
    if slots != 0 {
        loop {
            let slot = slots.trailing_zeros();
            if set.tag(slot as usize) == tag {
                return Ok(Glance { set, count, slot: slot as u16 });
            }
            slots &= slots.wrapping_sub(1);
            if slots == 0 {
                break;
            }
        }
    }
    Err(nothing_since(set, count))
}

impl Glance {
    /// As [`find`], of a key with that tag. `None`: the slot is that of another key.
    #[inline(always)]
    pub fn find(self, key: &[u8], epoch: u32, now: u32) -> Option<Result<Found, NotFound>> {
        let Self { set, count, slot } = self;
        let slot = usize::from(slot);
        let entry = set.entry_of(slot, key)?;
        Some(found(set, count, Some((slot, entry)), epoch, now))
    }
}

/// A slot, and of its entry where it begins, the head and the key's sum.
type Place = (usize, (usize, Head, u16));

/// The entry of `key`. Nonsense when somebody writes.
#[inline(always)]
fn search(set: &Set, tag: u16, key: &[u8]) -> Option<Place> {
    let slots = set.slots(tag);
    if slots == 0 {
        return None;
    }
    match first_of(set, tag, key, slots) {
        None => search_others(set, tag, key, slots),
        found => found,
    }
}

/// The entry in the first of `slots`, if it is that of `key`.
#[inline(always)]
fn first_of(set: &Set, tag: u16, key: &[u8], slots: u64) -> Option<Place> {
    let slot = slots.trailing_zeros() as usize;
    if set.tag(slot) != tag {
        return None;
    }
    set.entry_of(slot, key).map(|entry| (slot, entry))
}

/// The same behind the first of `slots`: another key was in the way.
#[inline(never)]
fn search_others(set: &Set, tag: u16, key: &[u8], mut slots: u64) -> Option<Place> {
    loop {
        slots &= slots.wrapping_sub(1);
        if slots == 0 {
            return None;
        }
        if let Some(place) = first_of(set, tag, key, slots) {
            return Some(place);
        }
    }
}

impl Found {
    /// Bytes of the value's text: `KEY FLAGS BYTES\r\nDATA\r\n`. More than any frame has if it is in pages.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.head.len()
    }

    /// The checksum's partial sum of that text with `VALUE ` in front and `END\r\n` behind.
    #[inline(always)]
    pub fn sum(&self) -> u16 {
        self.head.sum()
    }

    /// The sum of the key's words, the last one filled up with a zero.
    #[inline(always)]
    pub fn key_sum(&self) -> u16 {
        self.key_sum
    }

    /// The number that `gets` gives out, if it is known. Not good before [`is_there`](Self::is_there).
    pub fn cas(&self) -> Option<u64> {
        self.set.cas(self.at as usize, self.head)
    }

    /// Whether all that was read of it so far belongs together.
    #[inline(always)]
    pub fn is_there(&self) -> bool {
        self.set.unchanged_since(self.count)
    }

    /// Fills `to` with the text from its byte `from` on. False if it is no longer there: then what
    /// is in `to` is good for nothing.
    #[inline(always)]
    pub fn copy_to(&self, from: usize, to: &mut [u8]) -> bool {
        #[cfg(test)]
        if let Some(act) = BEFORE_COPY.take() {
            act();
        }
        self.set.data.copy_to(self.at as usize + Head::LEN + from, to) && self.is_there()
    }
}

#[cfg(test)]
thread_local! {
    static BEFORE_COPY: std::cell::Cell<Option<Box<dyn FnOnce()>>> = const { std::cell::Cell::new(None) };
}

/// The next copy of a value finds that this has happened in between.
#[cfg(test)]
pub fn before_copy(act: impl FnOnce() + 'static) {
    BEFORE_COPY.set(Some(Box::new(act)));
}

/// A value with its text, wherever that is.
#[derive(Clone, Copy)]
pub struct Value {
    found: Found,
    pages: Option<Text>,
}

impl Value {
    /// `None` if it is no longer there.
    #[inline(always)]
    pub fn of(found: Found) -> Option<Self> {
        let mut pages = None;
        if found.head.is_in_pages() {
            let text = found.set.pages(found.at as usize, found.head)?;
            found.is_there().then(|| text.refer())?;
            pages = Some(text);
        }
        Some(Self { found, pages })
    }

    /// As [`Found::len`].
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.pages.map_or(self.found.len(), |text| text.len())
    }

    /// As [`Found::cas`].
    pub fn cas(&self) -> Option<u64> {
        self.found.cas()
    }

    /// As [`Found::is_there`].
    #[inline(always)]
    pub fn is_there(&self) -> bool {
        self.pages.is_none_or(|text| text.is_there()) && self.found.is_there()
    }

    /// As [`Found::copy_to`].
    #[inline(always)]
    pub fn copy_to(&self, from: usize, to: &mut [u8]) -> bool {
        match self.pages {
            None => self.found.copy_to(from, to),
            Some(text) => copy_pages(&text, from, to) && self.found.is_there(),
        }
    }
}

#[inline(never)]
fn copy_pages(text: &Text, from: usize, to: &mut [u8]) -> bool {
    text.copy_to(from, to)
}
