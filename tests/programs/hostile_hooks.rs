// SPDX-License-Identifier: GPL-2.0-only
//! Endless loops, panics and recursion at the hooks of the tracer. rex-hostile-hooks.t looks for
//! the words behind "here:" to know the lines.
#![no_std]
use core::hint::black_box;
use rex::prelude::*;

/// What all records begin with.
#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub struct AnyEvent {
    common: [u8; 8],
}

#[inline(never)]
fn spin() -> i32 {
    while black_box(true) {} // here: loop
    0
}

#[inline(never)]
fn stumble(bytes: &[u8]) -> i32 {
    let sum: u32 = bytes
        .iter()
        .enumerate()
        .map(|(i, byte)| u32::from(*byte) + u32::from(bytes[i + black_box(5)])) // here: panic
        .sum();
    sum as i32
}

#[inline(never)]
#[allow(unconditional_recursion)]
fn down(depth: u64 /* here: recurse */) -> u64 {
    let mut large = [depth; 400];
    black_box(&mut large);
    black_box(down(depth + 1)) ^ large[3]
}

#[rex_kprobe]
pub fn kprobe_loop(_obj: &Kprobe, _ctx: &mut PtRegs) -> rex::Result {
    Ok(spin())
}

#[rex_kprobe]
pub fn kprobe_panic(_obj: &Kprobe, _ctx: &mut PtRegs) -> rex::Result {
    Ok(stumble(&[1, 2, 3]))
}

#[rex_kprobe]
pub fn kprobe_recurse(_obj: &Kprobe, _ctx: &mut PtRegs) -> rex::Result {
    Ok(down(0) as i32)
}

#[rex_tracepoint]
pub fn tracepoint_loop(_obj: &Tracepoint, _event: &AnyEvent) -> rex::Result {
    Ok(spin())
}

#[rex_tracepoint]
pub fn tracepoint_panic(_obj: &Tracepoint, _event: &AnyEvent) -> rex::Result {
    Ok(stumble(&[1, 2, 3]))
}

#[rex_perf_event]
pub fn perf_event_loop(_ctx: &mut PerfEvent<'_>) -> rex::Result {
    Ok(spin())
}

#[rex_perf_event]
pub fn perf_event_panic(_ctx: &mut PerfEvent<'_>) -> rex::Result {
    Ok(stumble(&[1, 2, 3]))
}

#[rex_fentry]
pub fn fentry_loop(_ctx: &Fentry<'_>) -> rex::Result {
    Ok(spin())
}

#[rex_fentry]
pub fn fentry_panic(_ctx: &Fentry<'_>) -> rex::Result {
    Ok(stumble(&[1, 2, 3]))
}

#[rex_fexit]
pub fn fexit_loop(_ctx: &Fexit<'_>) -> rex::Result {
    Ok(spin())
}

#[rex_fexit]
pub fn fexit_panic(_ctx: &Fexit<'_>) -> rex::Result {
    Ok(stumble(&[1, 2, 3]))
}

#[rex_raw_tracepoint]
pub fn raw_tracepoint_loop(_ctx: &RawTracepoint<'_>) -> rex::Result {
    Ok(spin())
}

#[rex_raw_tracepoint]
pub fn raw_tracepoint_panic(_ctx: &RawTracepoint<'_>) -> rex::Result {
    Ok(stumble(&[1, 2, 3]))
}
