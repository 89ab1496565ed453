// SPDX-License-Identifier: GPL-2.0-only
//! Kernel extensions in safe Rust.
//!
//! A program is an ordinary crate root without `unsafe`, built by `rexc` into a kernel module:
//!
//! ```
//! use rex::prelude::*;
//!
//! #[rex_map]
//! static COUNT: RexPerCpuArray<u64> = RexPerCpuArray::new(1, 0);
//!
//! #[rex_xdp]
//! pub fn count(_ctx: &mut Xdp<'_>) -> XdpVerdict {
//!     COUNT.add(0, 1);
//!     XdpVerdict::Pass
//! }
//! ```
//!
//! All unsafe Rust of the project is in this crate. Three facts about the run time shape it:
//!
//! - A program may be stopped at *any* instruction (time budget, stack overflow, panic), and its
//!   stack frames then vanish without running `Drop`. What a program holds is released by rex.ko,
//!   so nothing here needs a destructor to run for memory safety, and what lives in statics must
//!   be a valid value even half-written ([`AnyBits`](pod::AnyBits)).
//! - Map memory is shared with other CPUs, interrupted programs and user space. It is copied
//!   ([`Pod`](pod::Pod)) or borrowed through types made for it ([`SharedPod`](pod::SharedPod));
//!   there is never a `&mut` to it.
//! - A program runs with preemption off: the CPU does not change during an invocation.
#![cfg_attr(not(rex_mock), no_std)]
// What core has for this crate and not for programs (core-gate).
#![cfg_attr(not(rex_mock), feature(rex_refuses))]
#![deny(unsafe_op_in_unsafe_fn, missing_docs, clippy::undocumented_unsafe_blocks)]

// The derive macros name this crate by `::rex`.
extern crate self as rex;

pub mod bytes;
pub mod cgroup_skb;
mod context;
mod copy;
pub mod cpu;
mod errno;
pub mod fentry;
pub mod kprobe;
pub mod log;
pub mod map;
pub mod net;
pub mod perf_event;
pub mod pod;
pub mod prelude;
pub mod probe;
pub mod program;
pub mod pt_regs;
pub mod raw_tracepoint;
pub mod route;
pub mod signal;
pub mod sock;
pub mod socket;
pub mod stack;
pub mod stream;
pub mod sync;
pub mod task;
pub mod tc;
pub mod time;
pub mod tracepoint;
pub mod xdp;

mod entry;
mod ffi;
#[cfg(rex_mock)]
pub mod mock;
#[cfg(not(rex_mock))]
mod panic;
mod scope;
mod skb;

pub use context::TracingContext;
pub use errno::{Errno, Result};
pub use rex_macros::*;
pub use scope::Scope;

/// What the attribute macros expand to. Not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use crate::entry::*;
    pub use crate::map::{MapType, activate};
    pub use crate::pod::{pod_field, shared_pod_field};
}
