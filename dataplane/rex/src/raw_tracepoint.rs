// SPDX-License-Identifier: GPL-2.0-only
//! Raw tracepoints: programs that get the arguments of a tracepoint, from which its record is yet
//! to be made. That costs less than [`tracepoint`](crate::tracepoint), and tells more: the
//! arguments are the kernel's own objects. They may change from one kernel to the next.
//!
//! ```
//! use rex::prelude::*;
//!
//! #[rex_map]
//! static SWITCHES: RexPerCpuArray<u64> = RexPerCpuArray::new(1, 0);
//!
//! /// sched_switch(bool preempt, struct task_struct *prev, struct task_struct *next, ...)
//! #[rex_raw_tracepoint]
//! pub fn preempted(ctx: &RawTracepoint<'_>) -> rex::Result {
//!     SWITCHES.add(0, ctx.arg(0).unwrap_or(0) & 1);
//!     Ok(0)
//! }
//! # let session = rex::mock::Session::new();
//! # assert_eq!(session.run_raw_tracepoint(preempted, &[1, 0xffff, 0xeeee, 0]), Ok(0));
//! # assert_eq!(SWITCHES.get(0), Some(1));
//! ```
//!
//! Nobody looks at the program's result.

use crate::context::TracingContext;
use crate::fentry::args_context;
use crate::{Scope, ffi};
use core::ffi::c_void;
use core::marker::PhantomData;

args_context! {
    /// An event at a raw tracepoint.
    RawTracepoint
}
