// SPDX-License-Identifier: GPL-2.0-only
//! Entries that do nothing, one per hook: what calling a Rex program costs.
#![no_std]

use rex::prelude::*;

#[rex_xdp]
pub fn empty_xdp(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    XdpVerdict::Pass
}

#[rex_tc]
pub fn empty_tc(_ctx: &mut Tc<'_>) -> TcVerdict {
    TcVerdict::Ok
}

#[rex_cgroup_skb]
pub fn empty_cgroup_skb(_ctx: &mut CgroupSkb<'_>) -> CgroupVerdict {
    CgroupVerdict::Allow
}

#[rex_kprobe]
pub fn empty_kprobe(_obj: &Kprobe, _ctx: &mut PtRegs) -> rex::Result {
    Ok(0)
}

#[rex_tracepoint]
pub fn empty_tracepoint(_obj: &Tracepoint, _ctx: &SyscallEnter) -> rex::Result {
    Ok(0)
}

#[rex_perf_event]
pub fn empty_perf_event(_ctx: &mut PerfEvent<'_>) -> rex::Result {
    Ok(0)
}

#[rex_fentry]
pub fn empty_fentry(_ctx: &Fentry<'_>) -> rex::Result {
    Ok(0)
}

#[rex_fexit]
pub fn empty_fexit(_ctx: &Fexit<'_>) -> rex::Result {
    Ok(0)
}

#[rex_raw_tracepoint]
pub fn empty_raw_tracepoint(_ctx: &RawTracepoint<'_>) -> rex::Result {
    Ok(0)
}
