// SPDX-License-Identifier: GPL-2.0-only
#![no_std]

use rex::prelude::*;
use rex::task;
use rex::time::ktime_ns;

const LIMIT_NS: u64 = 10_000_000;

#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub struct Slow {
    pid: i32,
    nr: i32,
    ns: u64,
}

#[rex_map]
static BEGUN: RexHashMap<i32, u64> = RexHashMap::new(10240, 0);

#[rex_map]
static SLOW: RexRingBuf = RexRingBuf::new(64 * 1024, 0);

#[rex_tracepoint]
pub fn enter(_obj: &Tracepoint, _event: &SyscallEnter) -> rex::Result {
    let _ = BEGUN.set(&task::current().pid(), ktime_ns());
    Ok(0)
}

#[rex_tracepoint]
pub fn leave(_obj: &Tracepoint, event: &SyscallExit) -> rex::Result {
    let pid = task::current().pid();
    let begun = BEGUN.get(&pid).ok_or(0)?;
    let ns = ktime_ns() - begun;
    let _ = BEGUN.remove(&pid);
    if ns < LIMIT_NS {
        return Ok(0);
    }
    let mut slow = SLOW.reserve::<Slow>().ok_or(0)?;
    *slow = Slow { pid, nr: event.nr, ns };
    slow.submit();
    Ok(0)
}
