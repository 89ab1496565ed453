// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

/// What is counted, per CPU, in packets or events. The number is the index in the map.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum Stat {
    /// GETs answered.
    Hits,
    /// Well-formed GETs that were not in the cache.
    Misses,
    /// To our UDP port, but no GET of one key: passed.
    PassForm,
    /// Hits whose reply does not fit the frame: passed.
    PassRoom,
    /// Hits whose entry was being written: passed.
    PassBusy,
    /// Replies put into the cache.
    Fills,
    /// UDP replies in another form, too long, or of a busy entry.
    FillSkipped,
    /// SETs seen.
    Invalidations,
}

const N: u32 = Stat::Invalidations as u32 + 1;

#[rex_map]
static BMC_STATS: RexPerCpuArray<u64> = RexPerCpuArray::new(N, 0);

#[inline(always)]
pub fn count(which: Stat) {
    BMC_STATS.add(which as u32, 1);
}

#[cfg(test)]
pub fn counted(which: Stat) -> u64 {
    BMC_STATS.get(which as u32).unwrap_or(0)
}
