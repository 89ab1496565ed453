// SPDX-License-Identifier: GPL-2.0-only
//! What the program shares with "rexctl bmc": `struct bmc_meta` of shared.h.

use crate::stats::{Stat, count};
use core::sync::atomic::{
    AtomicI32, AtomicU32, AtomicU64,
    Ordering::{Relaxed, SeqCst},
};
use rex::prelude::*;

/// BPF_F_MMAPABLE
const MMAPABLE: u32 = 1 << 10;

#[rex_map]
static BMC_META: RexArray<Meta> = RexArray::new(1, MMAPABLE);

#[cfg(test)]
pub const LAYOUT: u32 = 5;
/// A time that does not come.
pub const NEVER: u32 = u32::MAX;
/// Coarse time counts units of 2^27 ns.
pub const TIME_SHIFT: u32 = 27;

/// `enum bmc_state`
pub mod state {
    pub const OFF: u32 = 0;
    pub const TRACK: u32 = 1;
    pub const RUN: u32 = 2;
}

/// `struct bmc_meta`, which says what each field means and who writes it.
#[derive(SharedPod)]
#[repr(C)]
pub struct Meta {
    pub state: AtomicU32,
    pub epoch: AtomicU32,
    pub generation: AtomicU32,
    pub quiet_from: AtomicU32,
    pub seed: AtomicU64,
    pub udp_port: AtomicU32,
    pub max_age: AtomicU32,
    pub pending_all: AtomicU32,
    pub quiet_to: AtomicU32,
    pub layout: AtomicU32,
    pub vlans: AtomicU32,
    pub broadcasts: AtomicU64,
    pub pad0: [AtomicU32; 2],
    pub server: AtomicI32,
    pub rbuf_len: AtomicU32,
    pub blind: AtomicU32,
    pub hidden: AtomicU32,
    pub reads: AtomicU64,
    pub tcp: AtomicU32,
    pub server_deaths: AtomicU32,
    pub clock: AtomicU32,
    pub era: AtomicU32,
    pub idle: AtomicU32,
    pub pad1: [AtomicU32; 5],
}

/// In the place of an element that is always there.
static NONE: Meta = Meta {
    state: AtomicU32::new(state::OFF),
    epoch: AtomicU32::new(0),
    generation: AtomicU32::new(0),
    quiet_from: AtomicU32::new(0),
    seed: AtomicU64::new(0),
    udp_port: AtomicU32::new(0),
    max_age: AtomicU32::new(0),
    pending_all: AtomicU32::new(1),
    quiet_to: AtomicU32::new(0),
    layout: AtomicU32::new(0),
    vlans: AtomicU32::new(0),
    broadcasts: AtomicU64::new(0),
    pad0: [const { AtomicU32::new(0) }; 2],
    server: AtomicI32::new(0),
    rbuf_len: AtomicU32::new(0),
    blind: AtomicU32::new(1),
    hidden: AtomicU32::new(1),
    reads: AtomicU64::new(0),
    tcp: AtomicU32::new(0),
    server_deaths: AtomicU32::new(0),
    clock: AtomicU32::new(0),
    era: AtomicU32::new(0),
    idle: AtomicU32::new(0),
    pad1: [const { AtomicU32::new(0) }; 5],
};

impl Meta {
    /// The first read of a connection asks for what an empty buffer has room for.
    #[cold]
    pub fn learn_rbuf_len(&self, asked: u32) {
        match self.rbuf_len.load(Relaxed) {
            0 => self.rbuf_len.store(asked, Relaxed),
            known if known != asked => self.rbuf_len.store(u32::MAX, Relaxed),
            _ => {}
        }
    }
}

#[inline(always)]
pub fn get() -> &'static Meta {
    BMC_META.get_ref(0).unwrap_or(&NONE)
}

/// A tick of the kernel (the lower half of its number), and the coarse time in it.
static TICK: AtomicU64 = AtomicU64::new(0);

/// Now, in coarse time, which changes with a tick: the clock is read once in each.
#[inline(always)]
pub fn now() -> u32 {
    now_in_tick().unwrap_or_else(new_tick)
}

/// The same, without a call; `None` if the clock was not read yet in this tick.
#[inline(always)]
pub fn now_in_tick() -> Option<u32> {
    let last = TICK.load(Relaxed);
    ((last >> 32) as u32 == rex::time::jiffies64() as u32).then_some(last as u32)
}

#[cold]
#[inline(never)]
fn new_tick() -> u32 {
    // Before the clock: a tick in between makes the next one who asks read it again.
    let tick = rex::time::jiffies64() << 32;
    let now = (rex::time::ktime_coarse_ns() >> TIME_SHIFT) as u32;
    TICK.store(tick | u64::from(now), Relaxed);
    now
}

/// Every entry of the cache dies, and every fill that is under way comes to nothing.
pub fn bump_epoch(why: Stat) {
    get().epoch.fetch_add(1, SeqCst);
    count(why);
}

/// A command that may concern any key was read. Balanced by [`all_ends`].
pub fn all_begins() {
    get().pending_all.fetch_add(1, SeqCst);
}

/// Such a command was executed.
pub fn all_ends() {
    // Not below 0, which rexctl may have set meanwhile: then nothing is pending.
    let less = |n: u32| n.checked_sub(1);
    let _ = get().pending_all.fetch_update(SeqCst, Relaxed, less);
}
