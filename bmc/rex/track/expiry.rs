// SPDX-License-Identifier: GPL-2.0-only
//! When does an item expire? Replies do not say; the commands that wrote the items did.

use crate::meta::{self, Meta, NEVER, TIME_SHIFT};
use crate::store::{Begun, KeyHash};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{Relaxed, SeqCst};
use rex::prelude::*;
use rex::time::NS_PER_SEC;

/// What was seen last of each key: [`Entry`] as a number, 0: nothing is known. Of keys that share
/// an element, one is known.
#[rex_map]
static BMC_EXPIRY: RexArray<u64> = RexArray::new(1 << 16, 0);

/// Above, a number is a time of day, not a number of seconds.
pub const MAX_DELTA: i64 = 60 * 60 * 24 * 30;
/// memcached's clock is that of its last timer, once a second.
const MARGIN: u32 = units(2) + 1;
/// Who still gets the item that long after it was due knows better than we do.
const LONG_AFTER: u32 = units(8);

/// Less than [`NEVER`], however many seconds.
pub const fn units(seconds: u64) -> u32 {
    let units = seconds.saturating_mul(NS_PER_SEC) >> TIME_SHIFT;
    if units < NEVER as u64 { units as u32 } else { NEVER - 1 }
}

/// Half of it tells which key it is of, in which epoch: in another one, all is unknown again.
#[derive(Clone, Copy)]
struct Entry {
    tag: u32,
    deadline: u32,
}

impl Entry {
    fn tag(hash: KeyHash, epoch: u32) -> u32 {
        // A multiplication by an odd number is never the same for two epochs.
        (hash.0 >> 32) as u32 ^ epoch.wrapping_mul(0x9e37_79b9)
    }

    fn from_bits(bits: u64) -> Self {
        Self { tag: (bits >> 32) as u32, deadline: bits as u32 }
    }

    fn bits(self) -> u64 {
        u64::from(self.tag) << 32 | u64::from(self.deadline)
    }
}

/// The element of a key.
#[inline(always)]
fn element(hash: KeyHash) -> Option<&'static AtomicU64> {
    let index = (u64::from(hash.0 as u32) * u64::from(BMC_EXPIRY.len())) >> 32;
    BMC_EXPIRY.atomic(index as u32)
}

/// When an item with this number is no more, in coarse time; `None` if that is not certain.
#[inline(always)]
fn deadline(meta: &Meta, exptime: i64) -> Option<u32> {
    let then = match exptime {
        0 => return Some(NEVER),
        _ if exptime > MAX_DELTA => return date(meta, exptime),
        _ if exptime < 0 => return Some(meta::now()),
        _ => meta::now().saturating_add(units(exptime as u64)),
    };
    Some(then.saturating_sub(MARGIN).min(NEVER - 1))
}

/// Of seconds since 1970: by memcached's clock, which counts on from when it was started.
#[cold]
#[inline(never)]
fn date(meta: &Meta, exptime: i64) -> Option<u32> {
    let clock = i64::from(meta.clock.load(Relaxed));
    if clock == 0 {
        return None;
    }
    let then = units((exptime - clock).clamp(0, i64::from(u32::MAX)) as u64);
    // Long ago is now: what was stored then is what LONG_AFTER is about.
    Some(then.saturating_sub(MARGIN).max(meta::now()))
}

/// What is known of mutations besides the one that is noted.
#[derive(Clone, Copy)]
pub struct Others {
    /// What is in the key's set.
    pub begun: Begun,
    /// How often the same connection is in `pending_all`.
    pub own_all: u32,
}

/// A mutation of the key was read, and is pending, that sets this expiry; if `conditional`,
/// perhaps.
#[inline(always)]
pub fn note(meta: &Meta, hash: KeyHash, exptime: i64, conditional: bool, others: Others) {
    let Some(element) = element(hash) else { return };
    let tag = Entry::tag(hash, meta.epoch.load(SeqCst));
    let Some(deadline) = deadline(meta, exptime).filter(|_| meta.hidden.load(SeqCst) == 0) else {
        element.store(0, SeqCst);
        return;
    };
    let alone = || meta.pending_all.load(SeqCst) <= others.own_all && meta.hidden.load(SeqCst) == 0;
    if conditional || !others.begun.was_alone() || !alone() {
        sooner(element, tag, deadline);
        return;
    }
    element.swap(Entry { tag, deadline }.bits(), SeqCst);
    // Another mutation that came since may have been noted before this.
    if !others.begun.is_alone() || !alone() {
        element.store(0, SeqCst);
    }
}

/// The item perhaps gets this deadline; perhaps it keeps another that was noted, or gets one again:
/// the order in which mutations are executed is not known. The soonest of all is never too late.
#[inline(never)]
fn sooner(element: &AtomicU64, tag: u32, deadline: u32) {
    let bits = element.load(SeqCst);
    let known = Entry::from_bits(bits);
    // Unknown stays unknown.
    if known.tag != tag {
        return;
    }
    let entry = Entry { tag, deadline: deadline.min(known.deadline) }.bits();
    if element.compare_exchange(bits, entry, SeqCst, Relaxed).is_err() {
        element.store(0, SeqCst);
    }
}

/// Nothing is known any more.
#[cold]
pub fn unknown(hash: KeyHash) {
    if let Some(element) = element(hash) {
        element.store(0, SeqCst);
    }
}

/// Until when a value may be served that the server gave now. `None`: not at all.
pub fn of(meta: &Meta, hash: KeyHash) -> Option<u32> {
    let now = meta::now();
    let entry = Entry::from_bits(element(hash)?.load(SeqCst));
    if entry.tag == Entry::tag(hash, meta.epoch.load(SeqCst)) {
        if now < entry.deadline {
            return Some(entry.deadline);
        }
        if now < entry.deadline.saturating_add(LONG_AFTER) {
            return None;
        }
    }
    match meta.max_age.load(Relaxed) {
        0 => None,
        age => Some(now.saturating_add(age).min(NEVER - 1)),
    }
}
