// SPDX-License-Identifier: GPL-2.0-only
//! Tasks: threads, as the kernel schedules them.
//!
//! ```
//! use rex::task;
//! # let session = rex::mock::Session::new();
//!
//! let me = task::current();
//! assert_eq!(task::find(me.pid()), Some(me));
//! if me.comm() == "sshd" && me.uid() == 0 {
//!     // ...
//! }
//! ```

use crate::pod::Pod;
use crate::pt_regs::SavedRegs;
use crate::{Errno, ffi};
use core::fmt;
use core::ptr::NonNull;

/// A thread, for the time of this invocation.
///
/// There is nothing to release: an invocation is an RCU reader, and the kernel keeps every task
/// that it can find for as long. What the methods tell is the state of now; the task may run,
/// change and end meanwhile.
///
/// In hooks of the network, the current task is whoever happened to run on this CPU.
///
/// # Invariants
/// The task stays in memory until the current invocation ends. No value outlives it: it is neither
/// `Send` nor `Sync`, so no static can hold it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Task(NonNull<ffi::task_struct>);

/// The thread that runs on this CPU now.
#[inline(always)]
pub fn current() -> Task {
    // SAFETY: callable from every hook; it is never NULL, and the current task does not end.
    Task(unsafe { NonNull::new_unchecked(ffi::rex_task_current()) })
}

/// The thread with this number, as seen from the initial PID namespace.
#[inline(always)]
pub fn find(pid: i32) -> Option<Task> {
    // SAFETY: callable from every hook; the result lives until the invocation ends.
    NonNull::new(unsafe { ffi::rex_task_find(pid) }).map(Task)
}

impl Task {
    /// The number of the thread, as gettid(2) gives it in the initial PID namespace.
    #[inline(always)]
    pub fn pid(self) -> i32 {
        // SAFETY: type invariant.
        unsafe { ffi::rex_task_pid(self.0.as_ptr()) }
    }

    /// Another name of [`pid`](Self::pid).
    #[inline(always)]
    pub fn get_pid(self) -> i32 {
        self.pid()
    }

    /// The number of the process, as getpid(2) gives it in the initial PID namespace.
    #[inline(always)]
    pub fn tgid(self) -> i32 {
        // SAFETY: type invariant.
        unsafe { ffi::rex_task_tgid(self.0.as_ptr()) }
    }

    #[inline(always)]
    fn uid_gid(self) -> u64 {
        // SAFETY: type invariant.
        unsafe { ffi::rex_task_uid_gid(self.0.as_ptr()) }
    }

    /// The real user, as the initial user namespace numbers it.
    #[inline(always)]
    pub fn uid(self) -> u32 {
        self.uid_gid() as u32
    }

    /// The real group, as the initial user namespace numbers it.
    #[inline(always)]
    pub fn gid(self) -> u32 {
        (self.uid_gid() >> 32) as u32
    }

    /// The name of the thread: for the first one of a process, that of the file it executes.
    #[inline(always)]
    pub fn comm(self) -> Comm {
        let mut comm = Comm([0; 16]);
        // SAFETY: type invariant; `comm` has 16 bytes.
        unsafe { ffi::rex_task_comm(self.0.as_ptr(), comm.0.as_mut_ptr().cast()) }
        comm
    }

    /// The cgroup (version 2) that it is in: the inode number of the cgroup's directory.
    #[inline(always)]
    pub fn cgroup_id(self) -> u64 {
        // SAFETY: type invariant.
        unsafe { ffi::rex_task_cgroup_id(self.0.as_ptr()) }
    }

    /// How long the thread has run in user mode, in nanoseconds, as the kernel's tick counts it.
    #[inline(always)]
    pub fn utime_ns(self) -> u64 {
        // SAFETY: type invariant.
        unsafe { ffi::rex_task_utime(self.0.as_ptr()) }
    }

    /// The registers with which it last entered the kernel: in a system call, its arguments. None
    /// for kernel threads, which never did, and for a thread that has ended.
    #[inline(always)]
    pub fn user_regs(self) -> Option<SavedRegs> {
        // SAFETY: type invariant; there is room for the registers.
        SavedRegs::fill(|to| Errno::check(unsafe { ffi::rex_task_user_regs(self.0.as_ptr(), to) }))
            .ok()
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Task({} {})", self.pid(), self.comm())
    }
}

/// The name of a thread: 15 bytes at most, not always UTF-8. It can be a key or a value in a map.
///
/// ```
/// use rex::task::Comm;
///
/// let comm = Comm::new("dup-test");
/// assert_eq!(comm, "dup-test");
/// assert_eq!(comm.as_bytes(), b"dup-test");
/// assert_eq!(comm.as_str(), "dup-test");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Comm([u8; 16]);

// SAFETY: transparent over bytes.
unsafe impl crate::pod::AnyBits for Comm {}
// SAFETY: as above.
unsafe impl Pod for Comm {}

impl Comm {
    /// The name `text`, cut to 15 bytes: what [`Task::comm`] gives for a thread of that name.
    pub const fn new(text: &str) -> Self {
        let from = text.as_bytes();
        let mut to = [0; 16];
        let mut i = 0;
        while i < from.len() && i < 15 {
            to[i] = from[i];
            i += 1;
        }
        Self(to)
    }

    /// The bytes before the first NUL.
    #[inline(always)]
    pub fn as_bytes(&self) -> &[u8] {
        let end = self.0.iter().position(|b| *b == 0).unwrap_or(self.0.len());
        self.0.get(..end).unwrap_or_default()
    }

    /// As much of it as is UTF-8.
    pub fn as_str(&self) -> &str {
        let bytes = self.as_bytes();
        match core::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
                core::str::from_utf8(good).unwrap_or_default()
            }
        }
    }
}

impl PartialEq<str> for Comm {
    #[inline(always)]
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for Comm {
    #[inline(always)]
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl fmt::Display for Comm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Comm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}
