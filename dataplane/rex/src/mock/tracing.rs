// SPDX-License-Identifier: GPL-2.0-only
//! The contexts of the tracing hooks.

use super::{Fault, Session, invoke};
use crate::fentry::{Fentry, Fexit};
use crate::ffi;
use crate::kprobe::Kprobe;
use crate::perf_event::{PerfEvent, PerfValue};
use crate::pt_regs::PtRegs;
use crate::raw_tracepoint::RawTracepoint;
use crate::tracepoint::{Record, Tracepoint};
use core::ffi::c_void;
use core::mem::zeroed;
use std::cell::Cell;
use std::ptr;

/// Registers for [`Session::run_kprobe`]: all 0, in the kernel, at the entry of a system call.
#[derive(Clone, Copy, Debug)]
pub struct Regs {
    regs: ffi::pt_regs,
    overridden: Option<u64>,
    at_syscall: bool,
}

/// The kernel's code segment, and the user's.
const KERNEL_CS: u64 = 0x10;
const USER_CS: u64 = 0x33;

impl Default for Regs {
    fn default() -> Self {
        Self::new()
    }
}

impl Regs {
    /// See the type.
    pub fn new() -> Self {
        // SAFETY: integers.
        let mut regs: ffi::pt_regs = unsafe { zeroed() };
        regs.cs = KERNEL_CS;
        Self { regs, overridden: None, at_syscall: true }
    }

    /// Sets argument `n` of a function, 0 to 5.
    pub fn with_arg(mut self, n: usize, value: u64) -> Self {
        let r = &mut self.regs;
        *[&mut r.rdi, &mut r.rsi, &mut r.rdx, &mut r.rcx, &mut r.r8, &mut r.r9][n] = value;
        self
    }

    /// Sets what the function returns.
    pub fn with_return_value(mut self, value: u64) -> Self {
        self.regs.rax = value;
        self
    }

    /// Sets the instruction pointer.
    pub fn with_ip(mut self, ip: u64) -> Self {
        self.regs.rip = ip;
        self
    }

    /// Of user code, as in a uprobe.
    pub fn of_user(mut self) -> Self {
        self.regs.cs = USER_CS;
        self.at_syscall = false;
        self
    }

    /// Of a function that may not be skipped.
    pub fn not_at_syscall(mut self) -> Self {
        self.at_syscall = false;
        self
    }

    /// What the program had the system call return instead of running it.
    pub fn overridden(&self) -> Option<u64> {
        self.overridden
    }

    pub(super) fn raw(&self) -> *const ffi::pt_regs {
        &self.regs
    }
}

/// A sample for [`Session::run_perf_event`].
#[derive(Clone, Copy, Default)]
pub struct Sample {
    /// What was interrupted.
    pub regs: Regs,
    /// [`PerfEvent::sample_period`].
    pub period: u64,
    /// [`PerfEvent::addr`].
    pub addr: u64,
    /// [`PerfEvent::read_value`]; an error when there is none.
    pub value: Option<PerfValue>,
}

thread_local! {
    /// The registers of the kprobe program that runs.
    static PROBED: Cell<*mut Regs> = const { Cell::new(ptr::null_mut()) };
}

/// # Safety
/// As rex_override_return.
pub(super) unsafe fn override_return(ctx: *mut ffi::pt_regs, rc: u64) -> Option<()> {
    let probed = PROBED.get();
    // SAFETY: set during the run only, to live registers.
    unsafe {
        if probed.is_null() || &raw mut (*probed).regs != ctx || !(*probed).at_syscall {
            return None;
        }
        (*probed).overridden = Some(rc);
        (*ctx).rax = rc;
    }
    Some(())
}

/// # Safety
/// `ctx` is the context of a run of a perf event program.
pub(super) unsafe fn sample<'a>(ctx: *const c_void) -> &'a Sample {
    // SAFETY: run_perf_event() made it.
    unsafe { &*ctx.cast() }
}

fn verdict(result: crate::Result) -> i32 {
    match result {
        Ok(number) | Err(number) => number,
    }
}

fn args(values: &[u64], ret: u64) -> ffi::rex_args {
    let mut args = ffi::rex_args { n: values.len() as u32, __reserved: 0, ret, arg: [0; 12] };
    args.arg[..values.len()].copy_from_slice(values);
    args
}

impl Session {
    /// Runs a kprobe program; its verdict is the number in the result, be it `Ok` or `Err`.
    pub fn run_kprobe(
        &self,
        program: impl FnOnce(&Kprobe<'_>, &mut PtRegs) -> crate::Result,
        regs: &mut Regs,
    ) -> Result<i32, Fault> {
        let regs: *mut Regs = regs;
        PROBED.set(regs);
        // SAFETY: the registers live until this returns; only override_return() changes them.
        let result = invoke(|| unsafe {
            let raw = &raw mut (*regs).regs;
            program(&Kprobe::from_raw(raw), PtRegs::from_raw_mut(raw))
        });
        PROBED.set(ptr::null_mut());
        result.map(verdict)
    }

    /// Runs a tracepoint program on a record.
    pub fn run_tracepoint<R: Record>(
        &self,
        program: impl FnOnce(&Tracepoint<'_>, &R) -> crate::Result,
        record: &R,
    ) -> Result<i32, Fault> {
        // SAFETY: the record lives until this returns.
        let tracepoint = unsafe { Tracepoint::from_raw((&raw const *record).cast_mut().cast()) };
        invoke(|| program(&tracepoint, record)).map(verdict)
    }

    /// Runs a perf event program on a sample.
    pub fn run_perf_event(
        &self,
        program: impl FnOnce(&mut PerfEvent<'_>) -> crate::Result,
        sample: &Sample,
    ) -> Result<i32, Fault> {
        // SAFETY: the sample lives until this returns.
        let mut event = unsafe { PerfEvent::from_raw((&raw const *sample).cast_mut().cast()) };
        invoke(|| program(&mut event)).map(verdict)
    }

    /// Runs an fentry program; at most 12 arguments.
    pub fn run_fentry(
        &self,
        program: impl FnOnce(&Fentry<'_>) -> crate::Result,
        values: &[u64],
    ) -> Result<i32, Fault> {
        let args = args(values, 0);
        // SAFETY: the arguments live until this returns.
        invoke(|| program(&unsafe { Fentry::from_raw(&args) })).map(verdict)
    }

    /// Runs an fexit program; at most 12 arguments.
    pub fn run_fexit(
        &self,
        program: impl FnOnce(&Fexit<'_>) -> crate::Result,
        values: &[u64],
        ret: u64,
    ) -> Result<i32, Fault> {
        let args = args(values, ret);
        // SAFETY: the arguments live until this returns.
        invoke(|| program(&unsafe { Fexit::from_raw(&args) })).map(verdict)
    }

    /// Runs a raw tracepoint program; at most 12 arguments.
    pub fn run_raw_tracepoint(
        &self,
        program: impl FnOnce(&RawTracepoint<'_>) -> crate::Result,
        values: &[u64],
    ) -> Result<i32, Fault> {
        let args = args(values, 0);
        // SAFETY: the arguments live until this returns.
        invoke(|| program(&unsafe { RawTracepoint::from_raw(&args) })).map(verdict)
    }
}
