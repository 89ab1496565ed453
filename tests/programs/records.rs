// SPDX-License-Identifier: GPL-2.0-only
//! Writes a record to a ring buffer and one to a perf event array in each run.
#![no_std]
use rex::map::CURRENT_CPU;
use rex::prelude::*;

#[rex_map]
static RING: RexRingBuf = RexRingBuf::new(4096, 0);

#[rex_map]
static PERF: RexPerfEventArray = RexPerfEventArray::new(256, 0);

#[rex_kprobe]
pub fn record(obj: &Kprobe, _ctx: &mut PtRegs) -> rex::Result {
    let word = u64::from_le_bytes(*b"records!");
    let ring = RING.output(&word);
    let perf = PERF.output(obj, CURRENT_CPU, &word);
    Ok(i32::from(ring.is_err() || perf.is_err()))
}
