// SPDX-License-Identifier: GPL-2.0-only
//! Calls every helper that needs no packet, at every hook, while the process tracee runs
//! (drivers/tracee.c), and puts what they give where the test finds it (rex-trace.t reads the constants).
#![no_std]
use rex::map::RexStackTrace;
use rex::prelude::*;
use rex::probe::{self, KernelAddr, UserAddr};
use rex::signal::{self, Signal};
use rex::stack::Chain;
use rex::task::{self, Comm};
use rex::{cpu, time};

#[rex_map]
static PARAM: RexArray<u64> = RexArray::new(4, 0);
/// Which process.
const TGID: u32 = 0;
/// A text in the kernel.
const BANNER: u32 = 1;

/// A signal for the thread, and one for the process: sent once.
const SEND_THREAD: u32 = 2;
const SEND_PROCESS: u32 = 3;

/// Numbers; an error is negative.
#[rex_map]
static VALUE: RexArray<u64> = RexArray::new(64, 0);
const RUNS: u32 = 0;
const KTIME_NS: u32 = 1;
const KTIME_COARSE_NS: u32 = 2;
const KTIME_AFTER: u32 = 3;
const KTIME_BOOT_NS: u32 = 4;
const KTIME_TAI_NS: u32 = 5;
const JIFFIES64: u32 = 6;
const CPU_SEEN: u32 = 7;
const NUMA_NODE: u32 = 8;
const RANDOM_FIRST: u32 = 9;
const RANDOM_AGAIN: u32 = 10;
const TASK_PID: u32 = 11;
const FOUND_TGID: u32 = 12;
const FOUND_NOBODY: u32 = 13;
const TASK_UID: u32 = 14;
const TASK_GID: u32 = 15;
const CGROUP_ID: u32 = 16;
const UTIME: u32 = 17;
const UTIME_FIRST: u32 = 18;
const KERNEL: u32 = 19;
const KERNEL_FAULT: u32 = 20;
const KERNEL_FAULT_BYTES: u32 = 21;
const KERNEL_STR_LEN: u32 = 22;
const USER: u32 = 23;
const USER_FAULT: u32 = 24;
const USER_KERNEL: u32 = 25;
const USER_STR_LEN: u32 = 26;
const USER_STR_END: u32 = 27;
const KERNEL_STR_USER: u32 = 28;
const USER_REGS_SI: u32 = 29;
const USER_REGS_ORIG_AX: u32 = 30;
const SENT_THREAD: u32 = 31;
const SENT_PROCESS: u32 = 32;
const STACK_LEN: u32 = 33;
const STACKID: u32 = 34;
const STACKID_AGAIN: u32 = 35;
const USER_STACK_LEN: u32 = 36;
const USER_STACKID: u32 = 37;
const STACK_FLAGS: u32 = 38;
const TASK_TGID: u32 = 39;

#[rex_map]
static TEXT: RexArray<[u8; 64]> = RexArray::new(4, 0);
const KERNEL_STR: u32 = 0;
const USER_STR: u32 = 1;

#[rex_map]
static COMM: RexArray<Comm> = RexArray::new(1, 0);

const DEPTH: usize = 24;
#[rex_map]
static STACKS: RexStackTrace<DEPTH> = RexStackTrace::new(1024, 0);
/// What must be the same: the call chains of kernel and user.
#[rex_map]
static STACK: RexArray<[u64; DEPTH]> = RexArray::new(2, 0);

/// Where tracee has its text; it ends in one page, and there is no next one.
const ADDRESS: UserAddr = UserAddr(0x7000_0000);
const TEXT_LEN: u64 = 14;
/// Where it says that it is in its loop.
const SPINS: UserAddr = UserAddr(ADDRESS.0 + 64);

fn code<T>(result: Result<T, Errno>, value: impl FnOnce(T) -> u64) -> u64 {
    result.map_or_else(|error| -i64::from(error.get()) as u64, value)
}

fn put(index: u32, value: u64) {
    VALUE.set(index, value);
}

fn clocks() {
    put(KTIME_COARSE_NS, time::ktime_coarse_ns());
    put(KTIME_NS, time::ktime_ns());
    put(KTIME_AFTER, time::ktime_ns());
    put(KTIME_BOOT_NS, time::ktime_boot_ns());
    put(KTIME_TAI_NS, time::ktime_tai_ns());
    put(JIFFIES64, time::jiffies64());
}

fn tasks() {
    let task = task::current();
    put(TASK_PID, task.pid() as u64);
    put(TASK_TGID, task.tgid() as u64);
    put(TASK_UID, u64::from(task.uid()));
    put(TASK_GID, u64::from(task.gid()));
    put(CGROUP_ID, task.cgroup_id());
    put(UTIME, task.utime_ns());
    COMM.set(0, task.comm());
    let regs = task.user_regs();
    put(USER_REGS_SI, regs.map_or(0, |regs| regs.si()));
    put(USER_REGS_ORIG_AX, regs.map_or(0, |regs| regs.orig_ax()));
    put(FOUND_TGID, task::find(task.pid()).map_or(0, |found| found.tgid() as u64));
    put(FOUND_NOBODY, u64::from(task::find(i32::MAX).or(task::find(-1)).is_some()));
}

fn kernel_memory() {
    let banner = KernelAddr(PARAM.get(BANNER).unwrap_or(0));
    put(KERNEL, code(probe::read_kernel::<u64>(banner), |v| v));
    let mut bytes = [9; 16];
    let nowhere = KernelAddr(0xffff_f000_dead_0000);
    put(KERNEL_FAULT, code(probe::read_kernel_bytes(nowhere, &mut bytes), |()| 0));
    put(KERNEL_FAULT_BYTES, u64::from_le_bytes(*bytes.first_chunk().unwrap()));
    let mut text = [9; 64];
    put(KERNEL_STR_LEN, code(probe::read_kernel_str(banner, &mut text), |t| t.len() as u64));
    TEXT.set(KERNEL_STR, text);
    put(KERNEL_STR_USER, code(probe::read_kernel_str(KernelAddr(ADDRESS.0), &mut text), |_| 0));
}

fn user_memory() {
    put(USER, code(probe::read_user::<u64>(ADDRESS), |v| v));
    let behind = ADDRESS.offset(4096);
    put(USER_FAULT, code(probe::read_user::<u64>(behind.offset(-4)), |v| v));
    let banner = UserAddr(PARAM.get(BANNER).unwrap_or(0));
    put(USER_KERNEL, code(probe::read_user::<u64>(banner), |v| v));
    let mut text = [9; 64];
    put(USER_STR_LEN, code(probe::read_user_str(ADDRESS, &mut text), |t| t.len() as u64));
    TEXT.set(USER_STR, text);
    let end = behind.offset(-(TEXT_LEN as i64));
    put(USER_STR_END, code(probe::read_user_str(end, &mut text), |t| t.len() as u64));
}

/// Sends the signal that the test asks for, and does so once.
fn send(which: u32, sent: u32, to: impl Fn(Signal) -> Result<(), Errno>) {
    if let Some(signal) = PARAM.get(which).and_then(|number| Signal::new(number as u32)) {
        PARAM.set(which, 0);
        put(sent, code(to(signal), |()| 0));
    }
}

/// Whether it is tracee that runs, for the first time.
fn look() -> bool {
    if task::current().tgid() as u64 != PARAM.get(TGID).unwrap_or(0) {
        return false;
    }
    clocks();
    put(CPU_SEEN, u64::from(cpu::id()));
    put(NUMA_NODE, u64::from(cpu::numa_node()));
    put(RANDOM_FIRST, u64::from(cpu::random()));
    put(RANDOM_AGAIN, u64::from(cpu::random()));
    tasks();
    kernel_memory();
    user_memory();
    send(SEND_THREAD, SENT_THREAD, signal::send_to_thread);
    send(SEND_PROCESS, SENT_PROCESS, signal::send_to_process);
    let runs = VALUE.get(RUNS).unwrap_or(0);
    put(RUNS, runs + 1);
    if runs == 0 {
        put(UTIME_FIRST, task::current().utime_ns());
    }
    runs == 0
}

/// The same in the hooks that have call chains.
fn look_back(ctx: &impl TracingContext) -> bool {
    if task::current().tgid() as u64 == PARAM.get(TGID).unwrap_or(0) {
        let mut chain = [0; DEPTH];
        put(STACK_LEN, code(ctx.get_stack(&mut chain, Chain::KERNEL), |c| c.len() as u64));
        put(STACKID, code(ctx.get_stackid(&STACKS, Chain::KERNEL), u64::from));
        put(STACKID_AGAIN, code(ctx.get_stackid(&STACKS, Chain::KERNEL), u64::from));
        STACK.set(0, chain);
        let mut chain = [0; DEPTH];
        put(USER_STACK_LEN, code(ctx.get_stack(&mut chain, Chain::USER), |c| c.len() as u64));
        put(USER_STACKID, code(ctx.get_stackid(&STACKS, Chain::USER), u64::from));
        STACK.set(1, chain);
        put(STACK_FLAGS, code(ctx.get_stack(&mut [0; 2], Chain::USER.reuse()), |_| 0));
    }
    look()
}

#[rex_xdp]
pub fn xdp(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    if look() {
        printk!("printed at xdp");
        trace_printk!("traced at xdp");
    }
    XdpVerdict::Pass
}

#[rex_tc]
pub fn tc(_ctx: &mut Tc<'_>) -> TcVerdict {
    if look() {
        printk!("printed at tc");
        trace_printk!("traced at tc");
    }
    TcVerdict::Ok
}

#[rex_cgroup_skb]
pub fn cgroup_skb(_ctx: &mut CgroupSkb<'_>) -> CgroupVerdict {
    if look() {
        printk!("printed at cgroup_skb");
        trace_printk!("traced at cgroup_skb");
    }
    CgroupVerdict::Allow
}

#[rex_stream]
pub fn stream(_ctx: &mut Stream<'_>) -> StreamVerdict {
    if look() {
        printk!("printed at stream");
        trace_printk!("traced at stream");
    }
    StreamVerdict::Pass
}

#[rex_kprobe]
pub fn kprobe(obj: &Kprobe, _ctx: &mut PtRegs) -> rex::Result {
    if look_back(obj) {
        printk!("printed at kprobe");
        trace_printk!("traced at kprobe");
    }
    Ok(0)
}

#[rex_tracepoint]
pub fn tracepoint(obj: &Tracepoint, _ctx: &SyscallEnter) -> rex::Result {
    if look_back(obj) {
        printk!("printed at tracepoint");
        trace_printk!("traced at tracepoint");
    }
    Ok(0)
}

#[rex_perf_event]
pub fn perf_event(ctx: &mut PerfEvent<'_>) -> rex::Result {
    // Of what else tracee does, its registers are not known.
    if probe::read_user::<u8>(SPINS) == Ok(1) && look_back(ctx) {
        printk!("printed at perf_event");
        trace_printk!("traced at perf_event");
    }
    Ok(0)
}

#[rex_fentry]
pub fn fentry(ctx: &Fentry<'_>) -> rex::Result {
    if look_back(ctx) {
        printk!("printed at fentry");
        trace_printk!("traced at fentry");
    }
    Ok(0)
}

#[rex_fexit]
pub fn fexit(ctx: &Fexit<'_>) -> rex::Result {
    if look_back(ctx) {
        printk!("printed at fexit");
        trace_printk!("traced at fexit");
    }
    Ok(0)
}

#[rex_raw_tracepoint]
pub fn raw_tracepoint(ctx: &RawTracepoint<'_>) -> rex::Result {
    // sys_enter is for all system calls; this is openat(2), which the other hooks look at.
    if ctx.arg(1) == Some(257) && look_back(ctx) {
        printk!("printed at raw_tracepoint");
        trace_printk!("traced at raw_tracepoint");
    }
    Ok(0)
}
