// SPDX-License-Identifier: GPL-2.0-only
//! Types that may live in maps, packets and locks.
//!
//! | trait | for | access |
//! |---|---|---|
//! | [`AnyBits`] | both of the below | |
//! | [`Pod`] | integers, IP addresses, arrays and derived structs of them | copied in and out |
//! | [`SharedPod`] | atomics, [`SharedBytes`], arrays and derived structs of them | borrowed |

use crate::copy;
use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::net::{Ipv4Addr, Ipv6Addr};
use core::sync::atomic::{
    AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicU8, AtomicU16, AtomicU32,
    AtomicU64, AtomicUsize,
};

/// Types for which every bit pattern is a value and every byte belongs to a field: they can be
/// read from memory that others write, and a half-written one is still a value.
///
/// Derived along with [`Pod`](derive@crate::Pod) or [`SharedPod`](derive@crate::SharedPod).
///
/// # Safety
/// Any initialised bytes of the type's size are a value of it; no padding, no references, no
/// function pointers, no `bool`, `char` or enum.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot live in a map, a packet or a lock",
    label = "not every bit pattern of `{Self}` is a value, or it has padding",
    note = "use integers, atomics, `SharedBytes` and arrays of them, or a struct of those with \
            `#[derive(Clone, Copy, Pod)]` or `#[derive(SharedPod)]`; `bool`, `char`, enums, \
            references and function pointers have forbidden bit patterns: keep a `u8` for a `bool`, \
            `x as u8` and `x != 0`"
)]
pub unsafe trait AnyBits: Sized + 'static {}

/// Plain data: copied out of and into maps.
///
/// # Safety
/// As [`AnyBits`], and without interior mutability.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not plain data",
    label = "`{Self}` does not implement `Pod`",
    note = "use integers and arrays of them, or a struct of those with \
            `#[derive(Clone, Copy, Pod)] #[repr(C)]`; `bool`, `char`, enums, references and \
            function pointers have forbidden bit patterns: keep a `u8` for a `bool`, `x as u8` and \
            `x != 0`. Atomics are borrowed: `get_ref`"
)]
pub unsafe trait Pod: AnyBits + Copy + Send + Sync {}

/// Data that may be borrowed while others change it: all of it is interior-mutable.
///
/// # Safety
/// As [`AnyBits`], and every byte is in an atomic or in [`SharedBytes`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be borrowed from a map: others change it at the same time",
    label = "`{Self}` does not implement `SharedPod`",
    note = "use atomics, `SharedBytes` and arrays of them, or a struct of those with \
            `#[derive(SharedPod)] #[repr(C)]`; plain data is copied: `get` and `set`"
)]
pub unsafe trait SharedPod: AnyBits + Send + Sync {}

/// Integers that can be changed in place, as the atomic type of the same size.
///
/// # Safety
/// `Atomic` has the size of the integer, is aligned to 8 bytes at most, and is interior-mutable.
pub unsafe trait AtomicPod: Pod {
    /// The atomic type.
    type Atomic: SharedPod;
}

macro_rules! atomic_pod {
    ($($t:ty => $atomic:ty,)*) => {
        $(// SAFETY: what core::sync::atomic guarantees.
        unsafe impl AtomicPod for $t {
            type Atomic = $atomic;
        })*
    };
}
atomic_pod! {
    u8 => AtomicU8, u16 => AtomicU16, u32 => AtomicU32, u64 => AtomicU64, usize => AtomicUsize,
    i8 => AtomicI8, i16 => AtomicI16, i32 => AtomicI32, i64 => AtomicI64, isize => AtomicIsize,
}

macro_rules! pod {
    ($($t:ty)*) => {
        $(// SAFETY: an integer: no padding, all bit patterns.
        unsafe impl AnyBits for $t {}
        // SAFETY: as above.
        unsafe impl Pod for $t {})*
    };
}
pod!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);

// An address is its bytes in network order, in the core that is built along with this crate.
macro_rules! address {
    ($($t:ty, $sample:expr => [$($byte:literal)*];)*) => {
        $(const _: () = {
            // SAFETY: the sizes are equal, or this does not compile; bytes are integers.
            let bytes: [u8; size_of::<$t>()] = unsafe { core::mem::transmute($sample) };
            assert!(matches!(bytes, [$($byte),*]), "other bytes than those of the address");
            assert!(size_of::<Option<$t>>() > size_of::<$t>(), "not all bytes are an address");
        };
        // SAFETY: as asserted.
        unsafe impl AnyBits for $t {}
        // SAFETY: as above.
        unsafe impl Pod for $t {})*
    };
}
address! {
    Ipv4Addr, Ipv4Addr::new(1, 2, 3, 4) => [1 2 3 4];
    Ipv6Addr, Ipv6Addr::new(0x102, 0x304, 0x506, 0x708, 0x90a, 0xb0c, 0xd0e, 0xf10) =>
        [1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16];
}

macro_rules! shared {
    ($($t:ty)*) => {
        $(// SAFETY: an integer in an UnsafeCell: no padding, all bit patterns.
        unsafe impl AnyBits for $t {}
        // SAFETY: as above.
        unsafe impl SharedPod for $t {})*
    };
}
shared!(AtomicU8 AtomicU16 AtomicU32 AtomicU64 AtomicUsize);
shared!(AtomicI8 AtomicI16 AtomicI32 AtomicI64 AtomicIsize);

// SAFETY: arrays have no padding between elements.
unsafe impl<T: AnyBits, const N: usize> AnyBits for [T; N] {}
// SAFETY: as above.
unsafe impl<T: Pod, const N: usize> Pod for [T; N] {}
// SAFETY: as above.
unsafe impl<T: SharedPod, const N: usize> SharedPod for [T; N] {}

/// What `derive(Pod)` asks of each field: its size. The compiler finds `T`, no macro names it.
#[doc(hidden)]
pub const fn pod_field<S, T: Pod>(_field: fn(S) -> T) -> usize {
    size_of::<T>()
}

/// What `derive(SharedPod)` asks of each field.
#[doc(hidden)]
pub const fn shared_pod_field<S, T: SharedPod>(_field: fn(S) -> T) -> usize {
    size_of::<T>()
}

/// `N` bytes that are shared: copied in and out through `&self`, never borrowed.
///
/// Readers see a mixture when somebody writes at the same time; guard it with
/// [`SeqCount`](crate::sync::SeqCount) or a lock where that matters.
///
/// ```
/// use rex::prelude::*;
///
/// let shared = SharedBytes::<16>::new();
/// assert!(shared.copy_from(4, b"hello"));
/// assert!(shared.matches(4, b"hello"));
/// let mut out = [0; 5];
/// assert!(shared.copy_to(4, &mut out));
/// assert_eq!(&out, b"hello");
/// assert!(!shared.copy_to(12, &mut out), "out of range");
/// ```
#[repr(transparent)]
pub struct SharedBytes<const N: usize>(UnsafeCell<[u8; N]>);

// SAFETY: all access is through module copy, which bears concurrent changes.
unsafe impl<const N: usize> Sync for SharedBytes<N> {}
// SAFETY: bytes.
unsafe impl<const N: usize> AnyBits for SharedBytes<N> {}
// SAFETY: all in an UnsafeCell.
unsafe impl<const N: usize> SharedPod for SharedBytes<N> {}

impl<const N: usize> Default for SharedBytes<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// A part of [`SharedBytes`].
///
/// # Invariants
/// The `len` bytes at `at` are of a `SharedBytes` that lives for `'a`.
#[derive(Clone, Copy)]
pub struct SharedPart<'a> {
    at: *const u8,
    len: usize,
    _bytes: PhantomData<&'a UnsafeCell<u8>>,
}

impl SharedPart<'_> {
    /// As [`SharedBytes::load`], within the part.
    #[inline(always)]
    pub fn load<V: Pod>(&self, offset: usize) -> Option<V> {
        let mut value = MaybeUninit::<V>::uninit();
        // SAFETY: the range is checked; any bytes are a V.
        unsafe {
            copy::load_value::<V>(self.at(offset, size_of::<V>())?, value.as_mut_ptr().cast());
            Some(value.assume_init())
        }
    }

    /// As [`SharedBytes::matches`], within the part.
    #[inline(always)]
    pub fn matches(&self, offset: usize, bytes: &[u8]) -> bool {
        match self.at(offset, bytes.len()) {
            // SAFETY: the range was checked.
            Some(at) => unsafe { copy::equal(at, bytes.as_ptr(), bytes.len()) },
            None => false,
        }
    }

    /// Address of byte `offset` if `len` bytes from there are inside.
    #[inline(always)]
    fn at(&self, offset: usize, len: usize) -> Option<*const u8> {
        match offset.checked_add(len) {
            // SAFETY: offset <= self.len.
            Some(end) if end <= self.len => Some(unsafe { self.at.add(offset) }),
            _ => None,
        }
    }
}

impl<const N: usize> SharedBytes<N> {
    /// Zeroes.
    pub const fn new() -> Self {
        Self(UnsafeCell::new([0; N]))
    }

    /// The number of bytes, `N`.
    #[inline(always)]
    #[allow(clippy::len_without_is_empty)]
    pub const fn len(&self) -> usize {
        N
    }

    /// Address of byte `offset` if `len` bytes from there are inside.
    #[inline(always)]
    fn at(&self, offset: usize, len: usize) -> Option<*mut u8> {
        // One comparison, where the compiler knows that the sum does not overflow.
        match offset.checked_add(len) {
            // SAFETY: offset <= N.
            Some(end) if end <= N => Some(unsafe { self.0.get().cast::<u8>().add(offset) }),
            _ => None,
        }
    }

    /// The `len` bytes from `offset` on; `None` when that is out of range. What is read of them is
    /// checked against `len` only, which the compiler often knows.
    ///
    /// ```
    /// use rex::prelude::*;
    ///
    /// let shared = SharedBytes::<8>::new();
    /// assert!(shared.copy_from(2, &[7, 0, 9]));
    /// let part = shared.part(2, 3).unwrap();
    /// assert_eq!(part.load::<u16>(0), Some(7));
    /// assert!(part.matches(2, &[9]) && !part.matches(2, &[9, 0]));
    /// assert!(part.load::<u16>(2).is_none() && shared.part(2, 7).is_none());
    /// ```
    #[inline(always)]
    pub fn part(&self, offset: usize, len: usize) -> Option<SharedPart<'_>> {
        self.at(offset, len).map(|at| SharedPart { at, len, _bytes: PhantomData })
    }

    /// Fills `to` from `offset` on. False, and nothing copied, when that is out of range.
    #[inline(always)]
    #[must_use]
    pub fn copy_to(&self, offset: usize, to: &mut [u8]) -> bool {
        match self.at(offset, to.len()) {
            // SAFETY: the range was checked; `to` is exclusive, hence no overlap.
            Some(from) => unsafe { copy::copy::<true>(from, to.as_mut_ptr(), to.len()) },
            None => return false,
        }
        true
    }

    /// Writes `from` at `offset`. False, and nothing copied, when that is out of range.
    #[inline(always)]
    #[must_use]
    pub fn copy_from(&self, offset: usize, from: &[u8]) -> bool {
        match self.at(offset, from.len()) {
            // SAFETY: the range was checked; no slice of our bytes can exist, hence no overlap.
            Some(to) => unsafe { copy::copy::<false>(from.as_ptr(), to, from.len()) },
            None => return false,
        }
        true
    }

    /// The value at `offset`, at any alignment; `None` when that is out of range.
    ///
    /// ```
    /// use rex::prelude::*;
    ///
    /// let shared = SharedBytes::<8>::new();
    /// assert!(shared.copy_from(1, &7u32.to_ne_bytes()));
    /// assert_eq!(shared.load::<u32>(1), Some(7));
    /// assert_eq!(shared.load::<u32>(5), None);
    /// ```
    #[inline(always)]
    pub fn load<V: Pod>(&self, offset: usize) -> Option<V> {
        let from = self.at(offset, size_of::<V>())?;
        let mut value = MaybeUninit::<V>::uninit();
        // SAFETY: the range was checked; any bytes are a V.
        unsafe {
            copy::load_value::<V>(from, value.as_mut_ptr().cast());
            Some(value.assume_init())
        }
    }

    /// Copies `len` bytes from `from` down to `to`, which may overlap. False, and nothing copied,
    /// when `to` is above `from` or something is out of range.
    ///
    /// ```
    /// use rex::prelude::*;
    ///
    /// let shared = SharedBytes::<8>::new();
    /// assert!(shared.copy_from(0, b"01234567"));
    /// assert!(shared.copy_down(3, 1, 5));
    /// assert!(shared.matches(0, b"03456767"));
    /// assert!(!shared.copy_down(1, 3, 5) && !shared.copy_down(4, 0, 5));
    /// ```
    #[inline(always)]
    #[must_use]
    pub fn copy_down(&self, from: usize, to: usize, len: usize) -> bool {
        match (self.at(from, len), self.at(to, len)) {
            // SAFETY: both ranges were checked, and `to` is not above `from`.
            (Some(at), Some(down)) if to <= from => unsafe { copy::copy_down(at, down, len) },
            _ => return false,
        }
        true
    }

    /// Whether the bytes from `offset` on are `bytes`. False also when that is out of range.
    #[inline(always)]
    pub fn matches(&self, offset: usize, bytes: &[u8]) -> bool {
        match self.at(offset, bytes.len()) {
            // SAFETY: the range was checked.
            Some(at) => unsafe { copy::equal(at, bytes.as_ptr(), bytes.len()) },
            None => false,
        }
    }
}
