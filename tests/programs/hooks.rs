// SPDX-License-Identifier: GPL-2.0-only
//! One entry for each hook, which writes down what it sees of the threads called "hooked".
#![no_std]
use rex::prelude::*;
use rex::task;
use rex::tracepoint::{SchedProcessExit, SchedSwitch, SchedWakeup};

/// What the entries saw last, a row each (rex-hooks.t reads the constants).
#[rex_map]
static SEEN: RexArray<[u64; 8]> = RexArray::new(18, 0);
const PROBE: u32 = 0;
const RETURN: u32 = 1;
const USER_PROBE: u32 = 2;
const USER_RETURN: u32 = 3;
const OVERRIDES: u32 = 4;
const ENTER: u32 = 5;
const ENTER_ANY: u32 = 6;
const EXIT: u32 = 7;
const SWITCH: u32 = 8;
const WAKEUP: u32 = 9;
const ENDS: u32 = 10;
const TOO_LONG: u32 = 11;
const SAMPLE: u32 = 12;
const BEGINS: u32 = 13;
const RETURNS: u32 = 14;
const RAW: u32 = 15;
const RAW_SWITCH: u32 = 16;
const CGROUP: u32 = 17;

/// How often.
#[rex_map]
static RUNS: RexArray<u64> = RexArray::new(18, 0);

/// What to return.
#[rex_map]
static VERDICT: RexArray<i32> = RexArray::new(1, 0);

fn hooked() -> bool {
    task::current().comm() == "hooked"
}

fn note(row: u32, values: &[u64]) -> rex::Result {
    let mut seen = [0; 8];
    for (to, from) in seen.iter_mut().zip(values) {
        *to = *from;
    }
    SEEN.set(row, seen);
    RUNS.set(row, RUNS.get(row).unwrap_or(0) + 1);
    match VERDICT.get(0) {
        Some(number) if number < 0 => Err(number),
        number => Ok(number.unwrap_or(0)),
    }
}

/// Kernel or user code, arguments, result, instruction pointer, stack pointer, segments.
fn registers(row: u32, ctx: &PtRegs) -> rex::Result {
    if !hooked() {
        return Ok(0);
    }
    note(
        row,
        &[
            ctx.is_user().into(),
            ctx.arg(0).unwrap_or(0),
            ctx.arg(1).unwrap_or(0),
            ctx.return_value(),
            ctx.ip(),
            ctx.sp(),
            u64::from(ctx.cs()) << 16 | u64::from(ctx.ss()),
            ctx.save().flags(),
        ],
    )
}

#[rex_kprobe]
pub fn probe(_obj: &Kprobe, ctx: &mut PtRegs) -> rex::Result {
    registers(PROBE, ctx)
}

#[rex_kprobe]
pub fn retprobe(_obj: &Kprobe, ctx: &mut PtRegs) -> rex::Result {
    registers(RETURN, ctx)
}

/// Of the function syscall() that one call only.
#[rex_kprobe]
pub fn user_probe(_obj: &Kprobe, ctx: &mut PtRegs) -> rex::Result {
    if ctx.arg(0) == Some(146) { registers(USER_PROBE, ctx) } else { Ok(0) }
}

#[rex_kprobe]
pub fn user_retprobe(_obj: &Kprobe, ctx: &mut PtRegs) -> rex::Result {
    if ctx.return_value() == 99 { registers(USER_RETURN, ctx) } else { Ok(0) }
}

/// What overriding says, and what it says again.
#[rex_kprobe]
pub fn overrides(obj: &Kprobe, ctx: &mut PtRegs) -> rex::Result {
    if !hooked() {
        return Ok(0);
    }
    let first = obj.override_return(ctx, 7777);
    let second = obj.bpf_override_return(ctx, 7778);
    note(OVERRIDES, &[first.map_or_else(|errno| errno.get() as u64, |()| 0), second as i64 as u64])
}

/// Number, arguments.
fn call(row: u32, ctx: &SyscallEnter) -> rex::Result {
    if !hooked() {
        return Ok(0);
    }
    note(
        row,
        &[
            ctx.nr() as u64,
            ctx.arg(0).unwrap_or(0),
            ctx.arg(5).is_some().into(),
            ctx.arg(6).is_some().into(),
        ],
    )
}

#[rex_tracepoint]
pub fn enter(_obj: &Tracepoint, ctx: &SyscallEnter) -> rex::Result {
    call(ENTER, ctx)
}

#[rex_tracepoint]
pub fn enter_any(_obj: &Tracepoint, ctx: &SyscallEnter) -> rex::Result {
    call(ENTER_ANY, ctx)
}

/// Number, result.
#[rex_tracepoint]
pub fn exit(_obj: &Tracepoint, ctx: &SyscallExit) -> rex::Result {
    if !hooked() {
        return Ok(0);
    }
    note(EXIT, &[ctx.nr as u64, ctx.ret as u64])
}

fn is_hooked(comm: &[u8; 16]) -> bool {
    comm.starts_with(b"hooked\0")
}

/// The thread that goes, its state, whether it is the current one.
#[rex_tracepoint]
pub fn switch(_obj: &Tracepoint, ctx: &SchedSwitch) -> rex::Result {
    if !is_hooked(&ctx.prev_comm) || ctx.prev_state == 0 {
        return Ok(0);
    }
    note(
        SWITCH,
        &[
            ctx.prev_pid as u64,
            ctx.prev_prio as u64,
            ctx.prev_state as u64,
            (ctx.next_pid != ctx.prev_pid).into(),
        ],
    )
}

/// The thread that wakes up, and where.
#[rex_tracepoint]
pub fn wakeup(_obj: &Tracepoint, ctx: &SchedWakeup) -> rex::Result {
    if !is_hooked(&ctx.comm) {
        return Ok(0);
    }
    note(WAKEUP, &[ctx.pid as u64, ctx.prio as u64, ctx.target_cpu as u64])
}

/// The thread that ends.
#[rex_tracepoint]
pub fn ends(_obj: &Tracepoint, ctx: &SchedProcessExit) -> rex::Result {
    if !is_hooked(&ctx.comm) {
        return Ok(0);
    }
    note(ENDS, &[ctx.pid as u64, ctx.prio as u64])
}

/// As long as a record of hrtimer_expire_entry, and a byte.
#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub struct TooLong {
    common: [u8; 8],
    fields: [u8; 25],
}

/// Never runs.
#[rex_tracepoint]
pub fn too_long(_obj: &Tracepoint, ctx: &TooLong) -> rex::Result {
    note(TOO_LONG, &[ctx.common[0].into(), ctx.fields[24].into()])
}

/// Period, address, counter, time enabled, instruction pointer, kernel or user code.
#[rex_perf_event]
pub fn sample(ctx: &mut PerfEvent<'_>) -> rex::Result {
    if !hooked() {
        return Ok(0);
    }
    let value = ctx.read_value();
    note(
        SAMPLE,
        &[
            ctx.sample_period(),
            ctx.addr(),
            value.map_or(0, |v| v.counter),
            value.map_or(0, |v| v.enabled_ns),
            ctx.regs().ip(),
            ctx.regs().is_user().into(),
        ],
    )
}

/// Number of arguments, and the first five.
fn args(row: u32, args: &[u64], ret: u64) -> rex::Result {
    if !hooked() {
        return Ok(0);
    }
    let arg = |n: usize| args.get(n).copied().unwrap_or(u64::MAX);
    note(row, &[args.len() as u64, arg(0), arg(1), arg(2), arg(3), arg(4), ret])
}

#[rex_fentry]
pub fn begins(ctx: &Fentry<'_>) -> rex::Result {
    args(BEGINS, ctx.args(), 0)
}

#[rex_fexit]
pub fn returns(ctx: &Fexit<'_>) -> rex::Result {
    args(RETURNS, ctx.args(), ctx.ret())
}

#[rex_raw_tracepoint]
pub fn raw(ctx: &RawTracepoint<'_>) -> rex::Result {
    args(RAW, ctx.args(), 0)
}

#[rex_raw_tracepoint]
pub fn raw_switch(ctx: &RawTracepoint<'_>) -> rex::Result {
    args(RAW_SWITCH, ctx.args(), 0)
}

/// Length, first byte, protocol. Drops when the verdict is not 1.
#[rex_cgroup_skb]
pub fn cgroup(ctx: &mut CgroupSkb<'_>) -> CgroupVerdict {
    let data = ctx.data();
    let byte = |n: usize| u64::from(data.get(n).copied().unwrap_or(0));
    if note(CGROUP, &[data.len() as u64, byte(0), byte(9)]) == Ok(1) {
        CgroupVerdict::Allow
    } else {
        CgroupVerdict::Drop
    }
}
