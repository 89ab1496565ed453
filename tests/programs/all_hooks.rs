// SPDX-License-Identifier: GPL-2.0-only
//! One entry per hook, to be attached anywhere: each run is counted by rex.ko.
#![no_std]
use rex::prelude::*;

#[rex_xdp]
pub fn on_xdp(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    XdpVerdict::Pass
}

#[rex_tc]
pub fn on_tc(_ctx: &mut Tc<'_>) -> TcVerdict {
    TcVerdict::Ok
}

#[rex_kprobe]
pub fn on_kprobe(_obj: &Kprobe, _ctx: &mut PtRegs) -> rex::Result {
    Ok(0)
}

/// Looks at no byte of the record, so every tracepoint will do.
#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub struct Any {
    common: [u8; 8],
}

#[rex_tracepoint]
pub fn on_tracepoint(_obj: &Tracepoint, _event: &Any) -> rex::Result {
    Ok(0)
}

/// Longer than most records.
#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub struct Long {
    common: [u8; 8],
    words: [u64; 31],
}

#[rex_tracepoint]
pub fn on_long(_obj: &Tracepoint, event: &Long) -> rex::Result {
    Ok(event.words[30] as i32)
}

#[rex_raw_tracepoint]
pub fn on_raw(_ctx: &RawTracepoint<'_>) -> rex::Result {
    Ok(0)
}

#[rex_fentry]
pub fn on_fentry(_ctx: &Fentry<'_>) -> rex::Result {
    Ok(0)
}

#[rex_fexit]
pub fn on_fexit(_ctx: &Fexit<'_>) -> rex::Result {
    Ok(0)
}

#[rex_perf_event]
pub fn on_perf(_ctx: &mut PerfEvent<'_>) -> rex::Result {
    Ok(0)
}

#[rex_cgroup_skb]
pub fn on_cgroup(_ctx: &mut CgroupSkb<'_>) -> CgroupVerdict {
    CgroupVerdict::Allow
}

#[rex_stream]
pub fn on_stream(_ctx: &mut Stream<'_>) -> StreamVerdict {
    StreamVerdict::Pass
}
