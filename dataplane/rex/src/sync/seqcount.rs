// SPDX-License-Identifier: GPL-2.0-only
use crate::pod::{AnyBits, SharedPod};
use core::sync::atomic::{AtomicU32, Ordering, fence};

/// A sequence counter: readers do not write, and notice that a writer was there. Lives in map
/// values next to the [`SharedPod`] data that it guards.
///
/// Neither side waits: when somebody is in the way, the answer is `None`, and a packet program
/// takes its slow path.
///
/// ```
/// use rex::prelude::*;
/// use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
///
/// #[derive(SharedPod)]
/// #[repr(C)]
/// struct Entry { seq: SeqCount, len: AtomicU32, value: SharedBytes<32> }
///
/// fn read(entry: &Entry, out: &mut [u8; 32]) -> Option<u32> {
///     entry.seq.read(|| {
///         let _ = entry.value.copy_to(0, out);
///         entry.len.load(Relaxed)
///     })
/// }
///
/// fn write(entry: &Entry, value: &[u8]) -> Option<bool> {
///     entry.seq.write(|| {
///         entry.len.store(value.len() as u32, Relaxed);
///         entry.value.copy_from(0, value)
///     })
/// }
/// ```
///
/// A writer that is stopped in the middle (time budget, panic) leaves the counter odd: the data
/// is half-written, nobody reads it and nobody else writes it until [`reset`](Self::reset).
#[repr(transparent)]
pub struct SeqCount(AtomicU32);

// SAFETY: transparent over an atomic.
unsafe impl AnyBits for SeqCount {}
// SAFETY: as above.
unsafe impl SharedPod for SeqCount {}

impl Default for SeqCount {
    fn default() -> Self {
        Self::new()
    }
}

impl SeqCount {
    /// No writer.
    pub const fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    /// Runs `read`, and returns its result only if no writer was active meanwhile: then what it
    /// read belongs together.
    #[inline(always)]
    pub fn read<R>(&self, read: impl FnOnce() -> R) -> Option<R> {
        let before = self.0.load(Ordering::Acquire);
        if before & 1 != 0 {
            return None;
        }
        let result = read();
        fence(Ordering::Acquire);
        (self.0.load(Ordering::Relaxed) == before).then_some(result)
    }

    /// Runs `write` unless another writer is active.
    #[inline(always)]
    pub fn write<R>(&self, write: impl FnOnce() -> R) -> Option<R> {
        let before = self.0.load(Ordering::Relaxed);
        if before & 1 != 0 {
            return None;
        }
        self.0
            .compare_exchange(before, before.wrapping_add(1), Ordering::Acquire, Ordering::Relaxed)
            .ok()?;
        // Order the odd count before the data, as the release store orders the data before the
        // even one.
        fence(Ordering::Release);
        let result = write();
        self.0.store(before.wrapping_add(2), Ordering::Release);
        Some(result)
    }

    /// The count as it is; even: no writer. Changes with every write.
    #[inline(always)]
    pub fn count(&self) -> u32 {
        self.0.load(Ordering::Acquire)
    }

    /// Ends the write of a writer that was stopped. Only when no writer can be active, say after
    /// a crash, before the first packet.
    #[inline(always)]
    pub fn reset(&self) {
        let count = self.0.load(Ordering::Relaxed);
        self.0.store(count.wrapping_add(count & 1), Ordering::Release);
    }
}
