// SPDX-License-Identifier: GPL-2.0-only
//! Tracepoints: programs that see the record of an event of the kernel.
//!
//! A record is a struct; its layout is in `/sys/kernel/tracing/events/CATEGORY/NAME/format`. The
//! most useful ones are here, others are declared like this:
//!
//! ```
//! use rex::prelude::*;
//!
//! /// sched:sched_migrate_task
//! #[derive(Clone, Copy, Pod)]
//! #[repr(C)]
//! pub struct Migrate {
//!     common: [u8; 8], // the kernel's own
//!     comm: [u8; 16],
//!     pid: i32,
//!     prio: i32,
//!     orig_cpu: i32,
//!     dest_cpu: i32,
//! }
//!
//! #[rex_tracepoint]
//! pub fn migrate(_obj: &Tracepoint, event: &Migrate) -> rex::Result {
//!     printk!("{} goes to CPU {}", event.pid, event.dest_cpu);
//!     Ok(0)
//! }
//! # let session = rex::mock::Session::new();
//! # let event = Migrate { common: [0; 8], comm: [0; 16], pid: 7, prio: 0, orig_cpu: 0, dest_cpu: 1 };
//! # assert_eq!(session.run_tracepoint(migrate, &event), Ok(0));
//! # assert_eq!(session.log()[0].1, "7 goes to CPU 1");
//! ```
//!
//! The kernel refuses to attach a program to a tracepoint whose records are shorter. It cannot know
//! whether the fields have the right names: compare with the `format` file.
//!
//! The program's result is its verdict, be it `Ok` or `Err`. The kernel looks at it only where the
//! tracepoint also feeds a perf event: 0 means that no sample is written.

use crate::Scope;
use crate::context::{TracingContext, sealed::Sealed};
use crate::pod::Pod;
use core::ffi::c_void;
use core::marker::PhantomData;
use core::mem::size_of;

/// An event at a tracepoint; the record comes along with it.
///
/// # Invariants
/// Belongs to an invocation at a tracepoint that lives for `'a`; `raw` is its context.
pub struct Tracepoint<'a> {
    raw: *mut c_void,
    _invocation: PhantomData<Scope<'a>>,
}

impl<'a> Tracepoint<'a> {
    /// # Safety
    /// As the type's invariants say.
    #[inline(always)]
    pub(crate) unsafe fn from_raw(raw: *mut c_void) -> Self {
        Self { raw, _invocation: PhantomData }
    }

    /// This invocation, for borrows from hash maps.
    #[inline(always)]
    pub fn scope(&self) -> Scope<'a> {
        // SAFETY: `'a` ends with the invocation.
        unsafe { Scope::new() }
    }
}

impl Sealed for Tracepoint<'_> {}

impl TracingContext for Tracepoint<'_> {
    #[inline(always)]
    fn raw(&self) -> *mut c_void {
        self.raw
    }
}

/// Types that a record can be taken for: plain data that begins with the 8 bytes that are the
/// kernel's own, and [`SyscallEnter`].
///
/// # Safety
/// A reference to `Self` is valid for a record of which at least `SIZE` bytes are known to be
/// there. (Records lie in a buffer of 8 KiB, and those of system calls in one of 64 bytes, all
/// aligned to 8; nobody writes them while a program runs.)
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the record of a tracepoint",
    label = "not plain data",
    note = "declare it as a struct with `#[derive(Clone, Copy, Pod)] #[repr(C)]` whose first field \
            is `common: [u8; 8]`, with the fields of the tracepoint's `format` file behind it"
)]
pub unsafe trait Record {
    /// How long a tracepoint's records must be for the program to be attached there.
    const SIZE: usize;
}

// SAFETY: any bytes are a value, and all of them are there.
unsafe impl<T: Pod> Record for T {
    const SIZE: usize = size_of::<T>();
}

/// `syscalls:sys_enter_*`, and `raw_syscalls:sys_enter`: a system call begins.
#[repr(C)]
pub struct SyscallEnter {
    common: [u8; 8],
    nr: i32,
    _pad: u32,
    args: [u64; 6],
}

// SAFETY: integers. The tracepoint's record has as many arguments as the system call, but the
// buffer that it lies in has room for all six.
unsafe impl Record for SyscallEnter {
    const SIZE: usize = 12;
}

impl SyscallEnter {
    /// The number of the system call.
    #[inline(always)]
    pub fn nr(&self) -> i32 {
        self.nr
    }

    /// Argument `n`. Behind the last one of this system call, up to the sixth, there are numbers
    /// without a meaning.
    #[inline(always)]
    pub fn arg(&self, n: usize) -> Option<u64> {
        self.args.get(n).copied()
    }

    /// A record, for tests.
    #[cfg(rex_mock)]
    pub fn new(nr: i32, args: [u64; 6]) -> Self {
        Self { common: [0; 8], nr, _pad: 0, args }
    }
}

/// Records that are plain data: with `common` in front, and getters.
macro_rules! records {
    ($(
        $(#[$doc:meta])*
        $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }
    )*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, crate::Pod)]
            #[repr(C)]
            pub struct $name {
                /// The kernel's own.
                pub common: [u8; 8],
                $($(#[$field_doc])* pub $field: $type,)*
            }
        )*
    };
}

records! {
    /// `syscalls:sys_exit_*`, and `raw_syscalls:sys_exit`: a system call ends.
    SyscallExit {
        /// The number of the system call.
        nr: i32,
        /// No meaning.
        pad: u32,
        /// What it returns; errors are negative.
        ret: i64,
    }

    /// `sched:sched_switch`: a CPU turns from one thread to another.
    SchedSwitch {
        /// Name of the thread that goes, NUL-terminated.
        prev_comm: [u8; 16],
        /// Its number.
        prev_pid: i32,
        /// Its priority.
        prev_prio: i32,
        /// Its state: 0 when it could go on running.
        prev_state: i64,
        /// Name of the thread that comes, NUL-terminated.
        next_comm: [u8; 16],
        /// Its number.
        next_pid: i32,
        /// Its priority.
        next_prio: i32,
    }

    /// `sched:sched_wakeup`, `sched:sched_wakeup_new` and `sched:sched_waking`.
    SchedWakeup {
        /// Name of the thread, NUL-terminated.
        comm: [u8; 16],
        /// Its number.
        pid: i32,
        /// Its priority.
        prio: i32,
        /// The CPU that it is going to run on.
        target_cpu: i32,
    }

    /// `sched:sched_process_exit`: a thread ends.
    SchedProcessExit {
        /// Name of the thread, NUL-terminated.
        comm: [u8; 16],
        /// Its number.
        pid: i32,
        /// Its priority.
        prio: i32,
    }
}
