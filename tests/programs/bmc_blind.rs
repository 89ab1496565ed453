// SPDX-License-Identifier: GPL-2.0-only
//! An accelerator that sees nothing, and looks like bmc/rex: "rexctl bmc start"
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
static BMC_EXPIRY: RexArray<u64> = RexArray::new(1, 0);
#[rex_map]
static BMC_VLANS: RexArray<u64> = RexArray::new(64, 0);
#[rex_map]
static BMC_BROADCASTS: RexArray<u32> = RexArray::new(64, 0);
#[rex_map]
static BMC_PORT: RexArray<[u16; 1]> = RexArray::new(1, 0);

#[rex_xdp]
pub fn ingress(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    XdpVerdict::Pass
}

/// As large a record as that of the real one.
#[rex_stream]
pub fn sockets(_ctx: &mut Stream<'_, [u64; 220]>) -> StreamVerdict {
    StreamVerdict::Pass
}
