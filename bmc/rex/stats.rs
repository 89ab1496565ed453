// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

macro_rules! stats {
    ($($name:ident)*) => {
        /// What is counted, per CPU; [shared.h](../shared.h) says what each means. The number is the
        /// index in the map.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        pub enum Stat { $($name),* }

        const N: u32 = [$(Stat::$name),*].len() as u32;

        #[cfg(test)]
        pub const ALL: [Stat; N as usize] = [$(Stat::$name),*];
    };
}

// In the order of BMC_STATS.
stats! {
    Hits HitKeys Misses
    PassForm PassAddress PassChecksum PassFragment PassVlan PassRoom PassBusy PassExpired PassOff
    Fills
    RefusedPending RefusedChanged RefusedForm RefusedLength RefusedExpiry RefusedBusy RefusedOff
    Evictions
    InvalSet InvalAdd InvalReplace InvalAppend InvalPrepend InvalCas InvalDelete InvalIncr
    InvalDecr InvalTouch InvalMetaSet InvalMetaDelete InvalMetaArith InvalMetaGet InvalFlush
    InvalOther
    EpochUnsynced EpochLapse EpochOverflow EpochServer EpochQuiet EpochUser
    Reads Replies
    ConnsNew ConnsUnsynced ConnsSynced
    PendingOverflow
    TcpHits TcpHitKeys TcpPassed TcpMisses TcpForm TcpRoom TcpBypassed
}

#[rex_map]
static BMC_STATS: RexPerCpuArray<u64> = RexPerCpuArray::new(N, 0);

#[inline(always)]
pub fn count(which: Stat) {
    BMC_STATS.increment(which as u32);
}

#[inline(always)]
pub fn add(which: Stat, n: u64) {
    BMC_STATS.add(which as u32, n);
}

#[cfg(test)]
pub fn counted(which: Stat) -> u64 {
    BMC_STATS.get(which as u32).unwrap_or(0)
}
