// SPDX-License-Identifier: GPL-2.0-only
use super::{MapDef, MapType, sealed::Sealed, value_size};
use crate::pod::Pod;
use crate::{Errno, ffi};
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, size_of};
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;
use core::slice;

/// A ring buffer of records for user space (BPF_MAP_TYPE_RINGBUF).
///
/// A record is reserved, filled in place and submitted, or written whole by
/// [`output`](Self::output). User space sees records in the order in which they were reserved.
///
/// ```
/// use rex::prelude::*;
/// # let session = rex::mock::Session::new();
///
/// #[derive(Clone, Copy, Pod)]
/// #[repr(C)]
/// struct Event { pid: u32, cpu: u32 }
///
/// #[rex_map]
/// static EVENTS: RexRingBuf = RexRingBuf::new(4096, 0);
///
/// if let Some(mut event) = EVENTS.reserve::<Event>() {
///     event.pid = 7;
///     event.submit();
/// }
/// assert_eq!(session.records(&EVENTS), [[7, 0, 0, 0, 0, 0, 0, 0]]);
/// ```
#[repr(transparent)]
pub struct RexRingBuf(MapDef);

impl Sealed for RexRingBuf {}
// SAFETY: transparent over MapDef.
unsafe impl MapType for RexRingBuf {}

/// Whether a new record wakes up who waits for the buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wakeup {
    /// If all before it was read.
    #[default]
    Auto,
    /// No.
    Never,
    /// In any case.
    Always,
}

impl Wakeup {
    const fn flags(self) -> u64 {
        match self {
            Self::Auto => 0,
            Self::Never => ffi::BPF_RB_NO_WAKEUP as u64,
            Self::Always => ffi::BPF_RB_FORCE_WAKEUP as u64,
        }
    }
}

impl RexRingBuf {
    /// Room for `size` bytes, of which each record takes 8 and its own, rounded up to 8: a power
    /// of two, 4096 at least. `flags`: BPF_F_* of map creation.
    pub const fn new(size: u32, flags: u32) -> Self {
        assert!(size.is_power_of_two() && size >= 4096, "a power of two, 4096 at least");
        Self(MapDef::sized(ffi::bpf_map_type_BPF_MAP_TYPE_RINGBUF, 0, 0, size, flags))
    }

    /// A record for a `T`, zero at first. `None` when there is no room, or the invocation holds too
    /// much already, or it may have interrupted another one that is reserving.
    #[inline(always)]
    pub fn reserve<T: Pod>(&self) -> Option<Record<T>> {
        let at = self.room(const { record_size::<T>() })?.cast::<T>();
        // SAFETY: room for a T, 8-byte aligned, and ours alone. Zeroes are a T.
        unsafe { at.write_bytes(0, 1) };
        Some(Record { at, _not_send: PhantomData })
    }

    /// A record of `len` bytes, zero at first. `None` as [`reserve`](Self::reserve), and when `len`
    /// is 0.
    #[inline(always)]
    pub fn reserve_bytes(&self, len: u32) -> Option<RecordBytes> {
        let len = len as usize;
        if len == 0 {
            return None;
        }
        let at = self.room(len)?;
        // SAFETY: room for so many bytes, ours alone.
        unsafe { at.write_bytes(0, len) };
        Some(RecordBytes { at, len, _not_send: PhantomData })
    }

    #[inline(always)]
    fn room(&self, len: usize) -> Option<NonNull<u8>> {
        let map = self.0.live().ok()?;
        // SAFETY: a live ring buffer.
        NonNull::new(unsafe { ffi::rex_ringbuf_reserve(map, len as u64) }.cast())
    }

    /// Writes `value` as a record; EAGAIN when there is no room.
    #[inline(always)]
    pub fn output<T: Pod>(&self, value: &T) -> Result<(), Errno> {
        self.write((&raw const *value).cast(), const { record_size::<T>() }, Wakeup::Auto)
    }

    /// Writes `bytes` as a record; EAGAIN when there is no room.
    #[inline(always)]
    pub fn output_bytes(&self, bytes: &[u8], wakeup: Wakeup) -> Result<(), Errno> {
        self.write(bytes.as_ptr(), bytes.len(), wakeup)
    }

    #[inline(always)]
    fn write(&self, from: *const u8, len: usize, wakeup: Wakeup) -> Result<(), Errno> {
        let map = self.0.live()?;
        // SAFETY: a live ring buffer; the caller borrows so many initialised bytes.
        Errno::check(unsafe {
            ffi::rex_ringbuf_output(map, from.cast(), len as u64, wakeup.flags())
        })
    }

    #[inline(always)]
    fn query(&self, what: u32) -> u64 {
        // SAFETY: a live ring buffer.
        self.0.live().map_or(0, |map| unsafe { ffi::rex_ringbuf_query(map, u64::from(what)) })
    }

    /// Bytes that wait to be read, of finished and unfinished records.
    #[inline(always)]
    pub fn available(&self) -> u64 {
        self.query(ffi::BPF_RB_AVAIL_DATA)
    }

    /// The size of the buffer.
    #[inline(always)]
    pub fn size(&self) -> u64 {
        self.query(ffi::BPF_RB_RING_SIZE)
    }

    /// How far user space has read, in bytes since the beginning.
    #[inline(always)]
    pub fn consumer_pos(&self) -> u64 {
        self.query(ffi::BPF_RB_CONS_POS)
    }

    /// How far programs have written, in bytes since the beginning.
    #[inline(always)]
    pub fn producer_pos(&self) -> u64 {
        self.query(ffi::BPF_RB_PROD_POS)
    }
}

/// The kernel has records of 1 GiB - 1 at most (RINGBUF_MAX_RECORD_SZ).
const fn record_size<T: Pod>() -> usize {
    const { assert!(size_of::<T>() <= u32::MAX as usize / 4, "a record has at most 1 GiB - 1") };
    value_size::<T>()
}

/// Gives a record back. rex.ko knows what the invocation holds: this cannot go wrong.
#[inline(always)]
fn submit(at: NonNull<u8>, wakeup: Wakeup) {
    // SAFETY: rex.ko looks whether the invocation holds the record.
    let ret = unsafe { ffi::rex_ringbuf_submit(at.as_ptr().cast(), wakeup.flags()) };
    debug_assert!(ret == 0);
}

#[inline(always)]
fn discard(at: NonNull<u8>) {
    // SAFETY: rex.ko looks whether the invocation holds the record.
    let ret = unsafe { ffi::rex_ringbuf_discard(at.as_ptr().cast(), 0) };
    debug_assert!(ret == 0);
}

/// A record that is not submitted yet. Dropped, it is discarded, and user space never sees it; so
/// it is when the invocation ends by a panic.
///
/// # Invariants
/// `at` is a reserved record of this invocation, initialised, and used through this value only:
/// user space can read it, but not write, and programs do not see it at all.
#[must_use = "a record that is dropped is discarded"]
pub struct Record<T: Pod> {
    at: NonNull<T>,
    // The record belongs to this invocation: it can be put in no static.
    _not_send: PhantomData<*mut T>,
}

impl<T: Pod> Record<T> {
    /// Hands the record over to user space.
    #[inline(always)]
    pub fn submit(self) {
        self.submit_with(Wakeup::Auto);
    }

    /// [`submit`](Self::submit), with a say in who wakes up.
    #[inline(always)]
    pub fn submit_with(self, wakeup: Wakeup) {
        submit(ManuallyDrop::new(self).at.cast(), wakeup);
    }

    /// Gives the record up.
    #[inline(always)]
    pub fn discard(self) {}
}

impl<T: Pod> Deref for Record<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: type invariant.
        unsafe { self.at.as_ref() }
    }
}

impl<T: Pod> DerefMut for Record<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: type invariant.
        unsafe { self.at.as_mut() }
    }
}

impl<T: Pod> Drop for Record<T> {
    #[inline(always)]
    fn drop(&mut self) {
        discard(self.at.cast());
    }
}

/// [`Record`] of any number of bytes.
///
/// # Invariants
/// `at` is a reserved record of `len` bytes of this invocation, initialised, and used through this
/// value only.
#[must_use = "a record that is dropped is discarded"]
pub struct RecordBytes {
    at: NonNull<u8>,
    len: usize,
    _not_send: PhantomData<*mut u8>,
}

impl RecordBytes {
    /// Hands the record over to user space.
    #[inline(always)]
    pub fn submit(self) {
        self.submit_with(Wakeup::Auto);
    }

    /// [`submit`](Self::submit), with a say in who wakes up.
    #[inline(always)]
    pub fn submit_with(self, wakeup: Wakeup) {
        submit(ManuallyDrop::new(self).at, wakeup);
    }

    /// Gives the record up.
    #[inline(always)]
    pub fn discard(self) {}
}

impl Deref for RecordBytes {
    type Target = [u8];

    #[inline(always)]
    fn deref(&self) -> &[u8] {
        // SAFETY: type invariant.
        unsafe { slice::from_raw_parts(self.at.as_ptr(), self.len) }
    }
}

impl DerefMut for RecordBytes {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: type invariant.
        unsafe { slice::from_raw_parts_mut(self.at.as_ptr(), self.len) }
    }
}

impl Drop for RecordBytes {
    #[inline(always)]
    fn drop(&mut self) {
        discard(self.at);
    }
}
