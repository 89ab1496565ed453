// SPDX-License-Identifier: GPL-2.0-only
#![no_std]

use core::sync::atomic::Ordering::Relaxed;
use rex::prelude::*;
use rex::probe::{self, KernelAddr};
use rex::signal::{self, Signal};
use rex::{cpu, task, time};

// __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 4); __type(value, __u64);
#[rex_map]
static COUNTS: RexPerCpuArray<u64> = RexPerCpuArray::new(4, 0);

// const volatile __u64 limit; an array of one element: user space can write it
#[rex_map]
static LIMIT: RexArray<u64> = RexArray::new(1, 0);

// struct { struct bpf_spin_lock lock; __u64 total; }, in a map: here any static will do
static TOTAL: SpinLock<u64> = SpinLock::new(0);

#[rex_kprobe]
pub fn phrases(_obj: &Kprobe, ctx: &mut PtRegs) -> rex::Result {
    // bpf_ktime_get_ns(), bpf_get_smp_processor_id(), bpf_get_prandom_u32()
    let seed = time::ktime_ns() ^ u64::from(cpu::id()) ^ u64::from(cpu::random());

    // bpf_get_current_pid_tgid(), bpf_get_current_uid_gid(), bpf_get_current_comm()
    let me = task::current();
    if me.uid() != 0 || me.tgid() == 1 || me.comm() != "stress" {
        return Ok(0);
    }

    // PT_REGS_PARM1(ctx), bpf_probe_read_kernel()
    let first = ctx.arg(0).ok_or(0)?;
    let word: u64 = probe::read_kernel(KernelAddr(first)).unwrap_or(seed);

    // (*bpf_map_lookup_elem(&counts, &zero))++
    COUNTS.add(0, 1);

    // __sync_fetch_and_add(bpf_map_lookup_elem(&limit, &zero), 1)
    let limit = LIMIT.atomic(0).map_or(0, |limit| limit.fetch_add(1, Relaxed));

    // bpf_spin_lock(&v->lock); v->total += word; bpf_spin_unlock(&v->lock);
    *TOTAL.lock() += word;

    // bpf_printk("%llu", word)
    trace_printk!("{word} of {limit}");

    // bpf_send_signal(SIGTERM)
    if word > limit {
        signal::send_to_process(Signal::TERM).map_err(|errno| errno.get())?;
    }
    Ok(0)
}
