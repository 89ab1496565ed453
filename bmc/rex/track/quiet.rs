// SPDX-License-Identifier: GPL-2.0-only
//! flush_all with a delay: around the time when it is due, memcached's clock is uncertain for some
//! seconds.

use super::expiry::{MAX_DELTA, units};
use crate::meta::{self, Meta, NEVER};
use crate::stats::Stat;
use core::sync::atomic::Ordering::SeqCst;
use rex::prelude::*;
use rex::time::{NS_PER_SEC, ktime_tai_ns};

/// Who changes the window; packets only look at it.
static WINDOW: SpinLock<u32> = SpinLock::new(0);

/// A flush_all was read that comes into force `delay` seconds from now, or at that time of day.
pub fn expect(meta: &Meta, delay: u64) {
    let now = meta::now();
    let (from, to) = if delay <= MAX_DELTA as u64 {
        (units(delay.saturating_sub(3)), units(delay.saturating_add(2)))
    } else {
        // memcached counts from when it was started, by the clock of that time: from now on, and
        // a minute longer than this clock says.
        (0, units(delay.saturating_sub(ktime_tai_ns() / NS_PER_SEC).saturating_add(60)))
    };
    let _window = WINDOW.lock();
    // What is expected already stays expected, although memcached may have forgotten it.
    meta.quiet_to.fetch_max(now.saturating_add(to).saturating_add(1).min(NEVER - 1), SeqCst);
    meta.quiet_from.fetch_min(now.saturating_add(from).saturating_sub(1), SeqCst);
}

/// Ends the window when it is over.
#[inline(always)]
pub fn look(meta: &Meta) {
    let from = meta.quiet_from.load(SeqCst);
    if from != NEVER {
        end(meta, from);
    }
}

#[cold]
fn end(meta: &Meta, from: u32) {
    let now = meta::now();
    if now < from {
        return;
    }
    let Some(_window) = WINDOW.try_lock() else { return };
    if now >= meta.quiet_to.load(SeqCst) {
        // What lies in the cache is older. First, for who sees the window end.
        meta::bump_epoch(Stat::EpochQuiet);
        meta.quiet_to.store(0, SeqCst);
        meta.quiet_from.store(NEVER, SeqCst);
    }
}
