// SPDX-License-Identifier: GPL-2.0-only
//! Reading memory by its address: what pointers in the arguments of a traced function lead to.
//!
//! An address is a number. Nothing here dereferences it: rex.ko copies what is there, or reports
//! that nothing can be read. User memory that is not in RAM at the moment cannot be read either;
//! there is nobody to wait for it. Where lockdown=confidentiality is in force, reads of the kernel's
//! memory give `EPERM`.
//!
//! ```
//! use rex::prelude::*;
//! use rex::probe::{self, UserAddr};
//!
//! #[derive(Clone, Copy, Pod)]
//! #[repr(C)]
//! struct Timespec {
//!     sec: i64,
//!     nsec: i64,
//! }
//!
//! /// How long a thread that calls nanosleep(2) wants to sleep.
//! fn wanted(argument: u64) -> Result<i64, Errno> {
//!     let time: Timespec = probe::read_user(UserAddr(argument))?;
//!     Ok(time.sec * 1_000_000_000 + time.nsec)
//! }
//! # let session = rex::mock::Session::new();
//! # session.map_memory(0x1000, &[1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
//! # assert_eq!(wanted(0x1000), Ok(1_000_000_002));
//! assert_eq!(wanted(0), Err(Errno::EFAULT));
//! ```

use crate::pod::{AnyBits, Pod};
use crate::{Errno, ffi};
use core::ffi::{c_long, c_void};
use core::mem::MaybeUninit;

/// An address in the kernel. It may be in a [`Pod`] struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct KernelAddr(pub u64);

/// An address in the memory of the current process. It may be in a [`Pod`] struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct UserAddr(pub u64);

/// What rex.ko calls for one kind of address.
type Read = unsafe extern "C" fn(*mut c_void, u32, u64) -> c_long;

macro_rules! address {
    ($name:ident) => {
        // SAFETY: transparent over an integer.
        unsafe impl AnyBits for $name {}
        // SAFETY: as above.
        unsafe impl Pod for $name {}

        impl $name {
            /// The address `offset` bytes further on.
            #[inline(always)]
            #[must_use]
            pub const fn offset(self, offset: i64) -> Self {
                Self(self.0.wrapping_add_signed(offset))
            }
        }
    };
}
address!(KernelAddr);
address!(UserAddr);

/// The size of a value that is read.
const fn size<T>() -> u32 {
    assert!(size_of::<T>() <= i32::MAX as usize, "at most 2 GiB - 1 can be read at once");
    size_of::<T>() as u32
}

/// # Safety
/// `read` is one of the functions of rex.ko that fill all of a buffer, if only with zeroes; `len`
/// is `size::<T>()`.
#[inline(always)]
unsafe fn value<T: Pod>(read: Read, from: u64, len: u32) -> Result<T, Errno> {
    let mut to = MaybeUninit::<T>::uninit();
    // SAFETY: `to` has that many bytes.
    Errno::check(unsafe { read(to.as_mut_ptr().cast(), len, from) })?;
    // SAFETY: all bytes are initialised, and any bytes are a T.
    Ok(unsafe { to.assume_init() })
}

/// # Safety
/// `read` writes at most as many bytes as it is told.
#[inline(always)]
unsafe fn bytes(read: Read, from: u64, to: &mut [u8]) -> Result<(), Errno> {
    let len = u32::try_from(to.len()).map_err(|_| Errno::E2BIG)?;
    // SAFETY: `to` has that many bytes.
    Errno::check(unsafe { read(to.as_mut_ptr().cast(), len, from) })
}

/// # Safety
/// As [`bytes`].
#[inline(always)]
unsafe fn text(read: Read, from: u64, to: &mut [u8]) -> Result<&[u8], Errno> {
    let room = u32::try_from(to.len()).map_err(|_| Errno::E2BIG)?;
    // SAFETY: `to` has that many bytes.
    let len = unsafe { read(to.as_mut_ptr().cast(), room, from) };
    Errno::check(len)?;
    // The length has the NUL in it.
    Ok(to.get(..(len as usize).saturating_sub(1)).unwrap_or_default())
}

/// A value in the kernel's memory. EFAULT where there is nothing to read.
#[inline(always)]
pub fn read_kernel<T: Pod>(from: KernelAddr) -> Result<T, Errno> {
    // SAFETY: rex_prog.h.
    unsafe { value(ffi::rex_probe_read_kernel, from.0, const { size::<T>() }) }
}

/// A value in the memory of the current process. EFAULT where there is nothing to read, and for
/// kernel threads, which have no such memory.
#[inline(always)]
pub fn read_user<T: Pod>(from: UserAddr) -> Result<T, Errno> {
    // SAFETY: rex_prog.h.
    unsafe { value(ffi::rex_probe_read_user, from.0, const { size::<T>() }) }
}

/// Fills `to` from the kernel's memory; with zeroes when there is an error.
#[inline(always)]
pub fn read_kernel_bytes(from: KernelAddr, to: &mut [u8]) -> Result<(), Errno> {
    // SAFETY: rex_prog.h.
    unsafe { bytes(ffi::rex_probe_read_kernel, from.0, to) }
}

/// Fills `to` from the memory of the current process; with zeroes when there is an error.
#[inline(always)]
pub fn read_user_bytes(from: UserAddr, to: &mut [u8]) -> Result<(), Errno> {
    // SAFETY: rex_prog.h.
    unsafe { bytes(ffi::rex_probe_read_user, from.0, to) }
}

/// A text that ends in a NUL, from the kernel's memory. Gives what is before the NUL, cut to one
/// byte less than `to` has; the rest of `to` is zeroes.
#[inline(always)]
pub fn read_kernel_str(from: KernelAddr, to: &mut [u8]) -> Result<&[u8], Errno> {
    // SAFETY: rex_prog.h.
    unsafe { text(ffi::rex_probe_read_kernel_str, from.0, to) }
}

/// A text that ends in a NUL, from the memory of the current process; else as
/// [`read_kernel_str`].
///
/// ```
/// use rex::probe::{UserAddr, read_user_str};
/// # let session = rex::mock::Session::new();
/// # session.map_memory(0x1000, b"/etc/passwd\0...");
/// # let argument = 0x1000;
///
/// let mut path = [0; 64];
/// assert_eq!(read_user_str(UserAddr(argument), &mut path), Ok(&b"/etc/passwd"[..]));
/// ```
#[inline(always)]
pub fn read_user_str(from: UserAddr, to: &mut [u8]) -> Result<&[u8], Errno> {
    // SAFETY: rex_prog.h.
    unsafe { text(ffi::rex_probe_read_user_str, from.0, to) }
}
