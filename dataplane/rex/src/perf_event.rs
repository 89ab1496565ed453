// SPDX-License-Identifier: GPL-2.0-only
//! Perf events: programs that run when a counter overflows, that is, per sample.
//!
//! ```
//! use rex::prelude::*;
//!
//! #[rex_map]
//! static SAMPLES: RexPerCpuArray<u64> = RexPerCpuArray::new(2, 0);
//!
//! /// How many samples hit the kernel, how many user code?
//! #[rex_perf_event]
//! pub fn sample(ctx: &mut PerfEvent<'_>) -> rex::Result {
//!     SAMPLES.add(ctx.regs().is_user().into(), 1);
//!     Ok(0)
//! }
//! # let session = rex::mock::Session::new();
//! # let sample_data = rex::mock::Sample { period: 1000, ..Default::default() };
//! # assert_eq!(session.run_perf_event(sample, &sample_data), Ok(0));
//! # assert_eq!(SAMPLES.get(0), Some(1));
//! ```
//!
//! The program's result is its verdict, be it `Ok` or `Err`: 0 means that the event's own sample
//! is not written to its buffer.
//!
//! Such a program may interrupt anything, other programs too, with hard interrupts off or in an
//! NMI. The watchdog cannot stop it before it is over: keep it short.

use crate::context::{TracingContext, sealed::Sealed};
use crate::pt_regs::PtRegs;
use crate::{Errno, Result, Scope, ffi};
use core::ffi::c_void;
use core::marker::PhantomData;

/// A sample of a perf event.
///
/// # Invariants
/// Belongs to an invocation at a perf event that lives for `'a`; `raw` is its context.
pub struct PerfEvent<'a> {
    raw: *mut c_void,
    _invocation: PhantomData<Scope<'a>>,
}

/// What the event has counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerfValue {
    /// The counter.
    pub counter: u64,
    /// For how long the event has been enabled, in nanoseconds.
    pub enabled_ns: u64,
    /// For how much of that it really counted: events can be more than the CPU has counters.
    pub running_ns: u64,
}

impl<'a> PerfEvent<'a> {
    /// # Safety
    /// As the type's invariants say.
    #[inline(always)]
    pub(crate) unsafe fn from_raw(raw: *mut c_void) -> Self {
        Self { raw, _invocation: PhantomData }
    }

    /// The registers of what was interrupted, kernel or user code.
    #[inline(always)]
    pub fn regs(&self) -> &PtRegs {
        // SAFETY: type invariant; the registers live as long as the invocation, and nobody writes
        // them.
        unsafe { PtRegs::from_raw(ffi::rex_perf_regs(self.raw)) }
    }

    /// How much was counted since the sample before, or about that, for events with a frequency.
    #[inline(always)]
    pub fn sample_period(&self) -> u64 {
        // SAFETY: type invariant.
        unsafe { ffi::rex_perf_sample_period(self.raw) }
    }

    /// The address that the event is about, 0 when it has none (a page fault has one).
    #[inline(always)]
    pub fn addr(&self) -> u64 {
        // SAFETY: type invariant.
        unsafe { ffi::rex_perf_addr(self.raw) }
    }

    /// What the event has counted so far. It is an error where the event counts on another CPU.
    #[inline(always)]
    pub fn read_value(&self) -> Result<PerfValue, Errno> {
        let mut value = ffi::bpf_perf_event_value { counter: 0, enabled: 0, running: 0 };
        // SAFETY: type invariant; `value` is ours.
        Errno::check(unsafe { ffi::rex_perf_read_value(self.raw, &mut value) })?;
        Ok(PerfValue {
            counter: value.counter,
            enabled_ns: value.enabled,
            running_ns: value.running,
        })
    }

    /// This invocation, for borrows from hash maps.
    #[inline(always)]
    pub fn scope(&self) -> Scope<'a> {
        // SAFETY: `'a` ends with the invocation.
        unsafe { Scope::new() }
    }
}

impl Sealed for PerfEvent<'_> {}

impl TracingContext for PerfEvent<'_> {
    #[inline(always)]
    fn raw(&self) -> *mut c_void {
        self.raw
    }
}
