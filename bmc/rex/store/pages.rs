// SPDX-License-Identifier: GPL-2.0-only
//! Texts that are too long for a set.
//!
//! They are in pages. The entry of the key in its set has only their place, so all that makes a value
//! appear and disappear is the same as for a short one.
//!
//! Pages are given out in the order of their numbers, and after the last one the first comes again. Each
//! says to which text it belongs, by a number that is never used twice: none has to be given back.
//! Who reads looks at the number after he has copied. Who writes has a lock of the page and looks at
//! the number before: its next owner cannot write at the same time.

use core::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, SeqCst},
    fence,
};
use rex::prelude::*;

/// Bytes of a text in a page: what is left of 2048.
const ROOM: usize = 2048 - 16;
/// So many texts that were asked for are passed over when room is sought for a new one.
const SPARED: u32 = 16;
/// No text has more than one part in so many of all pages.
const SHARE: u32 = 4;

/// As an element of the map: any bytes at all are a page, and harm nobody.
#[derive(SharedPod)]
#[repr(C)]
pub struct Page {
    owner: AtomicU64,
    /// In the first page of a text: how many it has; else 0.
    count: AtomicU32,
    /// In the first page of a text: it was asked for since the last look for room.
    referenced: AtomicU32,
    data: SharedBytes<ROOM>,
}

const _: () = assert!(size_of::<Page>() == 2048);

/// 16 MiB, unless the loader says otherwise.
const PAGES: u32 = 1 << 13;

#[rex_map]
pub static BMC_PAGES: RexArray<Page> = RexArray::new(PAGES, 0);

/// The page where the next text is to begin.
static HAND: SpinLock<u32> = SpinLock::new(0);
/// The number of the last text.
static LAST: AtomicU64 = AtomicU64::new(0);
/// Who writes to a page holds the lock of its index, modulo their number.
static WRITERS: [SpinLock<u32>; 64] = [const { SpinLock::new(0) }; 64];

/// The place of a text; all zeroes: of none.
#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub struct Text {
    number: u64,
    first: u32,
    len: u32,
}

/// Why there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRoom {
    /// It would take too large a share of the memory.
    TooLong,
    /// Another CPU is looking for room.
    Busy,
}

impl Text {
    pub const NONE: Self = Self { number: 0, first: 0, len: 0 };

    /// Room for a text, in the place of the oldest ones, if they have not been asked for lately.
    pub fn take(len: usize) -> Result<Self, NoRoom> {
        let (all, count) = (BMC_PAGES.len(), len.div_ceil(ROOM));
        let count = u32::try_from(count).ok().filter(|count| *count <= all / SHARE);
        let count = count.filter(|count| *count != 0).ok_or(NoRoom::TooLong)?;
        let mut hand = HAND.try_lock().ok_or(NoRoom::Busy)?;
        let first = room(*hand, count, all).ok_or(NoRoom::TooLong)?;
        *hand = first + count;
        let number = LAST.fetch_add(1, Relaxed) + 1;
        for page in (first..first + count).filter_map(|index| BMC_PAGES.get_ref(index)) {
            page.owner.store(number, Relaxed);
            page.count.store(0, Relaxed);
            page.referenced.store(0, Relaxed);
        }
        if let Some(page) = BMC_PAGES.get_ref(first) {
            page.count.store(count, Relaxed);
        }
        // Before anything is written there: see copy_to().
        fence(SeqCst);
        Ok(Self { number, first, len: len as u32 })
    }

    pub fn len(&self) -> usize {
        self.len as usize
    }

    pub fn is_some(&self) -> bool {
        self.number != 0
    }

    /// To be kept in an entry.
    pub fn words(self) -> [u64; 2] {
        [self.number, u64::from(self.first) << 32 | u64::from(self.len)]
    }

    pub fn from_words([number, rest]: [u64; 2]) -> Self {
        Self { number, first: (rest >> 32) as u32, len: rest as u32 }
    }

    fn page(&self, n: usize) -> Option<&'static Page> {
        BMC_PAGES.get_ref(self.first.checked_add(u32::try_from(n).ok()?)?)
    }

    /// Puts bytes into the place from `at` on. False if it is no longer ours, or somebody else writes there.
    #[must_use]
    pub fn write(&self, at: usize, bytes: &[u8]) -> bool {
        let mut rest = bytes;
        self.pieces(at, bytes.len(), |n, offset, len| {
            let (now, later) = rest.split_at_checked(len)?;
            rest = later;
            let lock = WRITERS.get((self.first as usize).wrapping_add(n) % WRITERS.len())?;
            let _alone = lock.try_lock()?;
            let page = self.page(n)?;
            (page.owner.load(SeqCst) == self.number && page.data.copy_from(offset, now))
                .then_some(())
        })
    }

    /// Fills `to` with the text from its byte `from` on. False if it is no longer there: then what is in
    /// `to` is good for nothing.
    #[must_use]
    pub fn copy_to(&self, from: usize, to: &mut [u8]) -> bool {
        let (mut at, len) = (0, to.len());
        self.pieces(from, len, |n, offset, len| {
            let page = self.page(n)?;
            let copied = page.data.copy_to(offset, to.get_mut(at..)?.get_mut(..len)?);
            at += len;
            (copied && page.is_of(self.number)).then_some(())
        })
    }

    /// Whether all that was read of it so far belongs together.
    pub fn is_there(&self) -> bool {
        self.pieces(0, self.len(), |n, _, _| self.page(n)?.is_of(self.number).then_some(()))
    }

    /// Notes a hit.
    pub fn refer(&self) {
        if let Some(page) = self.page(0)
            && page.is_of(self.number)
            && page.referenced.load(Relaxed) == 0
        {
            page.referenced.store(1, Relaxed);
        }
    }

    /// For each page of `len` bytes from `at` on: its number in the text, and which part of its room.
    /// False where they are not all in the text, or as soon as one fails.
    #[inline(always)]
    fn pieces(
        &self,
        mut at: usize,
        len: usize,
        mut each: impl FnMut(usize, usize, usize) -> Option<()>,
    ) -> bool {
        let Some(end) = at.checked_add(len).filter(|end| *end <= self.len()) else { return false };
        while at < end {
            let offset = at % ROOM;
            let len = (ROOM - offset).min(end - at);
            if each(at / ROOM, offset, len).is_none() {
                return false;
            }
            at += len;
        }
        true
    }
}

impl Page {
    /// Whether what was read before was of that text.
    #[inline(always)]
    fn is_of(&self, number: u64) -> bool {
        fence(Acquire);
        self.owner.load(Relaxed) == number
    }
}

/// Where `count` pages are to be given out, of `all`. Only with the lock of the hand.
fn room(hand: u32, count: u32, all: u32) -> Option<u32> {
    let last = all.checked_sub(count)?;
    let from = |first: u32| if first > last { 0 } else { first };
    let (mut first, mut spared) = (from(hand), 0);
    let mut at = first;
    while at < first + count {
        let page = BMC_PAGES.get_ref(at)?;
        at += 1;
        if spared < SPARED && page.referenced.load(Relaxed) != 0 {
            page.referenced.store(0, Relaxed);
            spared += 1;
            // Behind the text that begins here.
            first = from((at - 1).saturating_add(page.count.load(Relaxed).max(1)));
            at = first;
        }
    }
    Some(first)
}
