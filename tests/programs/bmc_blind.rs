// SPDX-License-Identifier: GPL-2.0-only
//! An accelerator whose trackers see nothing, and look like those of bmc/rex: "rexctl bmc start"
//! must find that out, and leave nothing of it.

use rex::prelude::*;

#[rex_map]
static BMC_META: RexArray<[u64; 16]> = RexArray::new(1, 1 << 10);
#[rex_map]
static BMC_STATS: RexPerCpuArray<u64> = RexPerCpuArray::new(64, 0);
#[rex_map]
static BMC_SETS: RexArray<[u64; 512]> = RexArray::new(1, 0);
#[rex_map]
static BMC_PAGES: RexArray<[u64; 256]> = RexArray::new(1, 0);
#[rex_map]
static BMC_CONNS: RexHashMap<[u64; 2], [u64; 64]> = RexHashMap::new(1, 0);
#[rex_map]
static BMC_EXPIRY: RexArray<u64> = RexArray::new(1, 0);
#[rex_map]
static BMC_VLANS: RexArray<u64> = RexArray::new(64, 0);
#[rex_map]
static BMC_BROADCASTS: RexArray<u32> = RexArray::new(64, 0);

#[rex_xdp]
pub fn ingress(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    XdpVerdict::Pass
}

#[rex_fexit]
pub fn tcp_read(_ctx: &Fexit<'_>) -> rex::Result {
    Ok(0)
}

#[rex_fexit]
pub fn udp_read(_ctx: &Fexit<'_>) -> rex::Result {
    Ok(0)
}

#[rex_fentry]
pub fn tcp_write(_ctx: &Fentry<'_>) -> rex::Result {
    Ok(0)
}

#[rex_fentry]
pub fn udp_write(_ctx: &Fentry<'_>) -> rex::Result {
    Ok(0)
}

#[rex_fentry]
pub fn closed(_ctx: &Fentry<'_>) -> rex::Result {
    Ok(0)
}

#[rex_raw_tracepoint]
pub fn exited(_ctx: &RawTracepoint<'_>) -> rex::Result {
    Ok(0)
}
