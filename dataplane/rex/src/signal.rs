// SPDX-License-Identifier: GPL-2.0-only
//! Signals to who runs now. For the tracing hooks; at the packet hooks the current task is just
//! whoever was interrupted, and sending fails with EOPNOTSUPP.
//!
//! ```no_run
//! use rex::signal::{self, Signal};
//!
//! if rex::task::current().comm() == "runaway" {
//!     let _ = signal::send_to_process(Signal::KILL);
//! }
//! ```

use crate::{Errno, ffi};

/// The number of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal(u32);

macro_rules! signals {
    ($($name:ident $number:ident)*) => {
        impl Signal {
            $(#[doc = concat!("`", stringify!($number), "`")]
            pub const $name: Signal = Signal(ffi::$number);)*
        }
    };
}
signals! {
    HUP SIGHUP INT SIGINT QUIT SIGQUIT TRAP SIGTRAP ABRT SIGABRT KILL SIGKILL USR1 SIGUSR1
    USR2 SIGUSR2 ALRM SIGALRM TERM SIGTERM CONT SIGCONT STOP SIGSTOP
}

impl Signal {
    /// By its number: 1 to 64.
    pub const fn new(number: u32) -> Option<Self> {
        if number >= 1 && number <= 64 { Some(Self(number)) } else { None }
    }

    /// Its number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// Sends a signal to the process of the current thread: any of its threads takes it.
///
/// EPERM for kernel threads, tasks that are ending, and init. Where interrupts are off, the signal
/// is sent as soon as they are on again; only one can wait on each CPU (EBUSY).
#[inline(always)]
pub fn send_to_process(signal: Signal) -> Result<(), Errno> {
    // SAFETY: callable from every hook.
    Errno::check(unsafe { ffi::rex_send_signal(signal.0, 1) })
}

/// Sends a signal to the current thread; else as [`send_to_process`].
#[inline(always)]
pub fn send_to_thread(signal: Signal) -> Result<(), Errno> {
    // SAFETY: callable from every hook.
    Errno::check(unsafe { ffi::rex_send_signal(signal.0, 0) })
}
