// SPDX-License-Identifier: GPL-2.0-only
//! What maps do beyond one invocation: packets that go elsewhere, records and who reads them,
//! two CPUs and a probe at one map.
#![no_std]
use rex::prelude::*;
use rex::task;

#[rex_map]
static PORTS: RexDevMap = RexDevMap::new(4, 0);
#[rex_map]
static CPUS: RexCpuMap = RexCpuMap::new(4, 0);
#[rex_map]
static SOCKETS: RexXskMap = RexXskMap::new(4, 0);
#[rex_map]
static RING: RexRingBuf = RexRingBuf::new(4096, 0);
#[rex_map]
static LRU: RexLruHashMap<u32, u64> = RexLruHashMap::new(64, 0);
#[rex_map]
static QUEUE: RexQueue<u64> = RexQueue::new(64, 0);

/// Redirected, arrived; changes made, changes refused, changes made and refused by the probe;
/// wrong values.
#[rex_map]
static COUNTS: RexPerCpuArray<u64> = RexPerCpuArray::new(8, 0);
const SENT: u32 = 0;
const ARRIVED: u32 = 1;
const MADE: u32 = 2;
const REFUSED: u32 = 3;
const PROBE_MADE: u32 = 4;
const PROBE_REFUSED: u32 = 5;
const WRONG: u32 = 6;

/// What goes elsewhere: ICMP over IPv4.
fn is_ping(ctx: &Xdp<'_>) -> bool {
    let data = ctx.data();
    data.get(12..14) == Some(&[8, 0]) && data.get(23) == Some(&1)
}

fn count(verdict: XdpVerdict) -> XdpVerdict {
    if matches!(verdict, XdpVerdict::Redirect(_)) {
        COUNTS.add(SENT, 1);
    }
    verdict
}

#[rex_xdp]
pub fn to_port(ctx: &mut Xdp<'_>) -> XdpVerdict {
    if is_ping(ctx) { count(PORTS.redirect(ctx, 2)) } else { XdpVerdict::Pass }
}

/// To all ports but the one that the packet came in by.
#[rex_xdp]
pub fn to_ports(ctx: &mut Xdp<'_>) -> XdpVerdict {
    if is_ping(ctx) { count(PORTS.broadcast(ctx, true)) } else { XdpVerdict::Pass }
}

#[rex_xdp]
pub fn to_cpu(ctx: &mut Xdp<'_>) -> XdpVerdict {
    if is_ping(ctx) { count(CPUS.redirect(ctx, 1)) } else { XdpVerdict::Pass }
}

#[rex_xdp]
pub fn to_socket(ctx: &mut Xdp<'_>) -> XdpVerdict {
    if is_ping(ctx) {
        COUNTS.add(SENT, 1);
        return SOCKETS.redirect_or(ctx, 0, XdpVerdict::Pass);
    }
    XdpVerdict::Pass
}

/// The other end of a port.
#[rex_xdp]
pub fn arrives(ctx: &mut Xdp<'_>) -> XdpVerdict {
    if is_ping(ctx) {
        COUNTS.add(ARRIVED, 1);
    }
    XdpVerdict::Drop
}

/// A record with the packet's first byte.
#[rex_xdp]
pub fn record(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let Some(mut record) = RING.reserve::<u64>() else { return XdpVerdict::Drop };
    *record = ctx.data()[0].into();
    record.submit();
    XdpVerdict::Pass
}

/// Holds two records, and falls.
#[rex_xdp]
pub fn fall(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let first = RING.reserve::<u64>();
    let mut second = RING.reserve::<[u64; 128]>();
    if let Some(record) = &mut second {
        record[0] = 0xdead;
    }
    let beyond = ctx.data()[5000];
    drop((first, second));
    if beyond == 0 { XdpVerdict::Drop } else { XdpVerdict::Pass }
}

fn change(made: u32, refused: u32) {
    let key = rex::cpu::random() % 256;
    let results = [
        LRU.set(&key, u64::from(key) << 32 | u64::from(key)),
        QUEUE.push_over(u64::from(key) << 32 | u64::from(key)),
        LRU.remove(&(key / 2)),
    ];
    for result in results {
        match result {
            Ok(()) | Err(Errno::ENOENT) => COUNTS.add(made, 1),
            Err(Errno::EBUSY) => COUNTS.add(refused, 1),
            Err(_) => COUNTS.add(WRONG, 1),
        }
    }
    let same = |n: u64| n >> 32 == n & 0xffff_ffff;
    if !LRU.get(&key).is_none_or(same) || !QUEUE.pop().is_ok_and(same) && made == WRONG {
        COUNTS.add(WRONG, 1);
    }
}

#[rex_xdp]
pub fn stress(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    for _ in 0..10 {
        change(MADE, REFUSED);
    }
    XdpVerdict::Pass
}

/// Within what stress does.
#[rex_kprobe]
pub fn probe(_obj: &Kprobe, _ctx: &mut PtRegs) -> rex::Result {
    if task::current().comm() == "rexctl" {
        change(PROBE_MADE, PROBE_REFUSED);
    }
    Ok(0)
}
