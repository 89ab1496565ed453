// SPDX-License-Identifier: GPL-2.0-only
//! One entry for each hook, which writes down what it sees of the threads called "hooked".
#![no_std]
use rex::prelude::*;
use rex::task;
use rex::tracepoint::{SchedProcessExit, SchedSwitch, SchedWakeup};

/// How often, then what each entry says below.
#[rex_map]
static SEEN: RexArray<u64> = RexArray::new(10, 0);

/// What to return.
#[rex_map]
static VERDICT: RexArray<i32> = RexArray::new(1, 0);

fn hooked() -> bool {
    task::current().comm() == "hooked"
}

fn note(values: &[u64]) -> rex::Result {
    for (i, value) in (1..).zip(values) {
        SEEN.set(i, *value);
    }
    SEEN.set(0, SEEN.get(0).unwrap_or(0) + 1);
    verdict()
}

fn verdict() -> rex::Result {
    match VERDICT.get(0) {
        Some(number) if number < 0 => Err(number),
        number => Ok(number.unwrap_or(0)),
    }
}

/// Kernel or user code, arguments, result, instruction pointer, stack pointer.
#[rex_kprobe]
pub fn probe(_obj: &Kprobe, ctx: &mut PtRegs) -> rex::Result {
    if !hooked() {
        return Ok(0);
    }
    note(&[
        ctx.is_user().into(),
        ctx.arg(0).unwrap_or(0),
        ctx.arg(1).unwrap_or(0),
        ctx.return_value(),
        ctx.ip(),
        ctx.sp(),
        u64::from(ctx.cs()) << 16 | u64::from(ctx.ss()),
        ctx.flags(),
    ])
}

/// What overriding says: of the function's own registers, of a copy that cannot be passed.
#[rex_kprobe]
pub fn overrides(obj: &Kprobe, ctx: &mut PtRegs) -> rex::Result {
    if !hooked() {
        return Ok(0);
    }
    let first = obj.override_return(ctx, 7777);
    let second = obj.bpf_override_return(ctx, 7778);
    note(&[first.map_or_else(|errno| errno.get() as u64, |()| 0), second as i64 as u64])
}

/// Number, arguments.
#[rex_tracepoint]
pub fn enter(_obj: &Tracepoint, ctx: &SyscallEnter) -> rex::Result {
    if !hooked() {
        return Ok(0);
    }
    note(&[
        ctx.nr() as u64,
        ctx.arg(0).unwrap_or(0),
        ctx.arg(5).is_some().into(),
        ctx.arg(6).is_some().into(),
    ])
}

/// Number, result.
#[rex_tracepoint]
pub fn exit(_obj: &Tracepoint, ctx: &SyscallExit) -> rex::Result {
    if !hooked() {
        return Ok(0);
    }
    note(&[ctx.nr as u64, ctx.ret as u64])
}

/// Of "hooked\0\0" the number.
fn is_hooked(comm: &[u8; 16]) -> bool {
    comm.starts_with(b"hooked\0")
}

/// The thread that goes, its state, whether it is the current one.
#[rex_tracepoint]
pub fn switch(_obj: &Tracepoint, ctx: &SchedSwitch) -> rex::Result {
    if !is_hooked(&ctx.prev_comm) || ctx.prev_state == 0 {
        return Ok(0);
    }
    note(&[
        ctx.prev_pid as u64,
        ctx.prev_prio as u64,
        ctx.prev_state as u64,
        (ctx.next_pid != ctx.prev_pid).into(),
    ])
}

/// The thread that wakes up, and where.
#[rex_tracepoint]
pub fn wakeup(_obj: &Tracepoint, ctx: &SchedWakeup) -> rex::Result {
    if !is_hooked(&ctx.comm) {
        return Ok(0);
    }
    note(&[ctx.pid as u64, ctx.prio as u64, ctx.target_cpu as u64])
}

/// The thread that ends.
#[rex_tracepoint]
pub fn ends(_obj: &Tracepoint, ctx: &SchedProcessExit) -> rex::Result {
    if !is_hooked(&ctx.comm) {
        return Ok(0);
    }
    note(&[ctx.pid as u64, ctx.prio as u64])
}

/// As long as a record of sched_process_exit, and a byte.
#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub struct TooLong {
    common: [u8; 8],
    fields: [u8; 25],
}

/// Never runs.
#[rex_tracepoint]
pub fn too_long(_obj: &Tracepoint, ctx: &TooLong) -> rex::Result {
    note(&[ctx.common[0].into(), ctx.fields[24].into()])
}

/// Period, address, counter, time enabled, instruction pointer, kernel or user code.
#[rex_perf_event]
pub fn sample(ctx: &mut PerfEvent<'_>) -> rex::Result {
    if !hooked() {
        return Ok(0);
    }
    let value = ctx.read_value();
    note(&[
        ctx.sample_period(),
        ctx.addr(),
        value.map_or(0, |v| v.counter),
        value.map_or(0, |v| v.enabled_ns),
        ctx.regs().ip(),
        ctx.regs().is_user().into(),
    ])
}

/// Number of arguments, and the first five.
fn args(args: &[u64], ret: u64) -> rex::Result {
    let arg = |n: usize| args.get(n).copied().unwrap_or(u64::MAX);
    note(&[args.len() as u64, arg(0), arg(1), arg(2), arg(3), arg(4), ret])
}

#[rex_fentry]
pub fn begins(ctx: &Fentry<'_>) -> rex::Result {
    if hooked() { args(ctx.args(), 0) } else { Ok(0) }
}

#[rex_fexit]
pub fn returns(ctx: &Fexit<'_>) -> rex::Result {
    if hooked() { args(ctx.args(), ctx.ret()) } else { Ok(0) }
}

#[rex_raw_tracepoint]
pub fn raw(ctx: &RawTracepoint<'_>) -> rex::Result {
    if hooked() { args(ctx.args(), 0) } else { Ok(0) }
}

/// Length, first byte, protocol. Drops when the verdict is not 1.
#[rex_cgroup_skb]
pub fn cgroup(ctx: &mut CgroupSkb<'_>) -> CgroupVerdict {
    let data = ctx.data();
    let byte = |n: usize| u64::from(data.get(n).copied().unwrap_or(0));
    if note(&[data.len() as u64, byte(0), byte(9)]) == Ok(1) {
        CgroupVerdict::Allow
    } else {
        CgroupVerdict::Drop
    }
}
