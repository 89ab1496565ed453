// SPDX-License-Identifier: GPL-2.0-only
//! Reads memory of the traced process and of the kernel: which files are opened by whom, and which
//! system calls reach a seccomp filter.
#![no_std]

use rex::Result;
use rex::kprobe::Kprobe;
use rex::prelude::*;
use rex::probe::{self, UserAddr};
use rex::pt_regs::PtRegs;
use rex::task::{self, Comm};

/// What the reader of the ring buffer gets for each openat(2).
#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub struct Open {
    pid: u32,
    /// Bytes of `path` with its NUL; 0: it could not be read.
    path_len: u32,
    comm: Comm,
    path: [u8; 104],
}

#[rex_map]
static OPENS: RexRingBuf = RexRingBuf::new(65536, 0);
/// By number of the system call.
#[rex_map]
static FILTERED: RexPerCpuArray<u64> = RexPerCpuArray::new(512, 0);

/// At the entry of openat(2), whose arguments are in the caller's registers.
#[rex_kprobe]
pub fn open(_obj: &Kprobe, _ctx: &mut PtRegs) -> Result {
    let task = task::current();
    let path = task.user_regs().and_then(|regs| regs.syscall_arg(1)).ok_or(0)?;
    let mut open = Open { pid: task.pid() as u32, path_len: 0, comm: task.comm(), path: [0; 104] };
    open.path_len = match probe::read_user_str(UserAddr(path), &mut open.path) {
        Ok(text) => text.len() as u32,
        Err(_) => 0,
    };
    OPENS.output(&open).map_or(Err(0), |()| Ok(0))
}

/// At `__seccomp_filter(int this_syscall, ...)`.
#[rex_kprobe]
pub fn seccomp(_obj: &Kprobe, ctx: &mut PtRegs) -> Result {
    FILTERED.add(ctx.arg(0).ok_or(0)? as u32, 1);
    Ok(0)
}
