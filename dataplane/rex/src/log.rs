// SPDX-License-Identifier: GPL-2.0-only
//! Text for people: the kernel log, where rex.ko puts the program's name in front and limits the
//! rate, and the kernel's trace (`trace_pipe` in tracefs).

use crate::{Errno, ffi};
use core::fmt::{self, Write};

/// Severity, as in `dmesg --level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[allow(missing_docs)]
pub enum Level {
    Emerg,
    Alert,
    Crit,
    Err,
    Warn,
    Notice,
    Info,
    Debug,
}

/// Writes a line to the kernel log: `printk!("text")`, `printk!("{} of {}", a, b)`,
/// `printk!(Level::Warn, "text")`. The level is `Info` when none is given.
///
/// With arguments, the text is made on the stack and cut after 256 bytes, and rexc adds stack
/// checks to the program, since formatting makes its stack use unpredictable.
#[macro_export]
macro_rules! printk {
    ($format:literal $($rest:tt)*) => {
        $crate::log::print($crate::log::Level::Info, ::core::format_args!($format $($rest)*))
    };
    ($level:expr, $format:literal $($rest:tt)*) => {
        $crate::log::print($level, ::core::format_args!($format $($rest)*))
    };
}

/// What [`printk!`] calls.
#[inline(always)]
pub fn print(level: Level, text: fmt::Arguments<'_>) {
    match text.as_str() {
        Some(text) => print_str(level, text),
        None => print_formatted(level, text),
    }
}

/// Writes `text` as it is.
#[inline(always)]
pub fn print_str(level: Level, text: &str) {
    // SAFETY: the text is live and of the given length.
    unsafe { ffi::rex_printk(level as u32, text.as_ptr().cast(), text.len() as u64) }
}

#[cold]
#[inline(never)]
fn print_formatted(level: Level, text: fmt::Arguments<'_>) {
    print_str(level, Buffer::formatted(text).as_str());
}

/// Writes a line to the kernel's trace, which `cat /sys/kernel/tracing/trace_pipe` shows:
/// `trace_printk!("text")`, `trace_printk!("{} of {}", a, b)`. There is no limit of the rate; a
/// line may be lost when a program interrupts another one that writes a line. As for [`printk!`],
/// what is formatted is cut after 256 bytes.
///
/// ```
/// use rex::prelude::*;
/// # let session = rex::mock::Session::new();
///
/// trace_printk!("opened by {}", 42);
/// # assert_eq!(session.trace(), ["opened by 42"]);
/// ```
///
/// [`printk!`]: crate::printk
#[macro_export]
macro_rules! trace_printk {
    ($format:literal $($rest:tt)*) => {
        $crate::log::trace(::core::format_args!($format $($rest)*))
    };
}

/// What [`trace_printk!`](crate::trace_printk) calls.
#[inline(always)]
pub fn trace(text: fmt::Arguments<'_>) {
    // A lost line is no reason to do anything else.
    let _ = match text.as_str() {
        Some(text) => trace_str(text),
        None => trace_formatted(text),
    };
}

/// Writes `text` to the trace as it is, 512 bytes of it at most. EBUSY: lost, see
/// [`trace_printk!`](crate::trace_printk).
#[inline(always)]
pub fn trace_str(text: &str) -> Result<(), Errno> {
    // SAFETY: the text is live and of the given length.
    Errno::check(unsafe { ffi::rex_trace_printk(text.as_ptr().cast(), text.len() as u64) })
}

#[cold]
#[inline(never)]
fn trace_formatted(text: fmt::Arguments<'_>) -> Result<(), Errno> {
    trace_str(Buffer::formatted(text).as_str())
}

/// # Invariants
/// The first `len` bytes are UTF-8.
struct Buffer {
    bytes: [u8; 256],
    len: usize,
}

impl Buffer {
    fn formatted(text: fmt::Arguments<'_>) -> Self {
        let mut buffer = Buffer { bytes: [0; 256], len: 0 };
        // An error is a full buffer or a Display that gave up: take what there is.
        let _ = buffer.write_fmt(text);
        buffer
    }

    fn as_str(&self) -> &str {
        let text = self.bytes.get(..self.len).unwrap_or_default();
        // SAFETY: type invariant.
        unsafe { core::str::from_utf8_unchecked(text) }
    }
}

impl Write for Buffer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bytes.get_mut(self.len..).unwrap_or_default();
        let mut take = text.len().min(room.len());
        while !text.is_char_boundary(take) {
            take -= 1;
        }
        for (to, from) in room.iter_mut().zip(&text.as_bytes()[..take]) {
            *to = *from;
        }
        self.len += take;
        if take == text.len() { Ok(()) } else { Err(fmt::Error) }
    }
}
