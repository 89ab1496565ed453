// SPDX-License-Identifier: GPL-2.0-only
//! Access to bytes that others may change at the same time.
//!
//! Plain reads and writes of such bytes would be undefined behaviour. These are done by volatile
//! words or by one string instruction, which the compiler does not look into: what comes out may
//! be a mixture of old and new, but nothing worse. Words at 8-byte aligned addresses do not tear.

use core::arch::asm;
use core::mem::size_of;
use core::ptr;

/// A word at any address.
#[derive(Clone, Copy)]
#[repr(C, packed)]
struct Unaligned<T: Copy>(T);

/// # Safety
/// `from` is valid for a read of `T`, an integer.
#[inline(always)]
unsafe fn read<T: Copy>(from: *const u8) -> T {
    // SAFETY: as above; alignment is 1.
    unsafe { ptr::read_volatile(from.cast::<Unaligned<T>>()) }.0
}

/// # Safety
/// `to` is valid for a write of `T`, an integer.
#[inline(always)]
unsafe fn write<T: Copy>(to: *mut u8, value: T) {
    // SAFETY: as above; alignment is 1.
    unsafe { ptr::write_volatile(to.cast::<Unaligned<T>>(), Unaligned(value)) }
}

/// [`write`], one instruction: no detour over the stack, which a packed struct takes.
///
/// # Safety
/// `to` is valid for a write of `T`, an integer, and aligned to its size.
#[inline(always)]
unsafe fn write_aligned<T: Copy>(to: *mut u8, value: T) {
    // SAFETY: as above.
    unsafe { ptr::write_volatile(to.cast(), value) }
}

/// [`read`] of memory that nobody else changes.
///
/// # Safety
/// `from` is valid for a read of `T`, an integer.
#[inline(always)]
unsafe fn read_own<T: Copy>(from: *const u8) -> T {
    // SAFETY: as above.
    unsafe { ptr::read_unaligned(from.cast()) }
}

/// [`write`] to memory that nobody else sees.
///
/// # Safety
/// `to` is valid for a write of `T`, an integer.
#[inline(always)]
unsafe fn write_own<T: Copy>(to: *mut u8, value: T) {
    // SAFETY: as above.
    unsafe { ptr::write_unaligned(to.cast(), value) }
}

/// # Safety
/// As [`copy`], for less than 8 bytes, which may overlap in any way.
#[inline(always)]
unsafe fn copy_short(from: *const u8, to: *mut u8, len: usize) {
    // SAFETY: all accesses are within len; two words overlap when len is no power of two.
    unsafe {
        if len >= 4 {
            let (first, last): (u32, u32) = (read(from), read(from.add(len - 4)));
            write(to, first);
            write(to.add(len - 4), last);
        } else if len >= 2 {
            let (first, last): (u16, u16) = (read(from), read(from.add(len - 2)));
            write(to, first);
            write(to.add(len - 2), last);
        } else if len == 1 {
            write(to, read::<u8>(from));
        }
    }
}

/// From how many bytes on a string instruction is faster than words: starting one takes a CPU as
/// long as moving some 200 bytes.
const STRING_MIN: usize = 256;

/// [`write`], or [`write_own`] if nobody else sees `to`.
///
/// # Safety
/// As theirs.
#[inline(always)]
unsafe fn put<const OWN: bool, T: Copy>(to: *mut u8, value: T) {
    // SAFETY: the caller's promise.
    unsafe { if OWN { write_own(to, value) } else { write(to, value) } }
}

/// Copies the two words at byte `i`.
///
/// # Safety
/// `from` is valid for reads and `to` for writes of those bytes.
#[inline(always)]
unsafe fn copy_pair<const OWN: bool>(from: *const u8, to: *mut u8, i: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        let (from, to) = (from.add(i), to.add(i));
        let (a, b): (u64, u64) = (read(from), read(from.add(8)));
        put::<OWN, _>(to, a);
        put::<OWN, _>(to.add(8), b);
    }
}

/// Copies the four words at byte `i`: all are read before the first is written.
///
/// # Safety
/// As [`copy_pair`].
#[inline(always)]
unsafe fn copy_block<const OWN: bool>(from: *const u8, to: *mut u8, i: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        let (from, to) = (from.add(i), to.add(i));
        let (a, b): (u64, u64) = (read(from), read(from.add(8)));
        let (c, d): (u64, u64) = (read(from.add(16)), read(from.add(24)));
        put::<OWN, _>(to, a);
        put::<OWN, _>(to.add(8), b);
        put::<OWN, _>(to.add(16), c);
        put::<OWN, _>(to.add(24), d);
    }
}

/// Copies `len` bytes, 32 or more.
///
/// # Safety
/// As [`copy`].
#[inline(always)]
unsafe fn copy_blocks<const OWN: bool>(from: *const u8, to: *mut u8, len: usize) {
    // SAFETY: the caller's promise; all accesses are within len.
    unsafe {
        copy_block::<OWN>(from, to, 0);
        let mut i = 32;
        while i < len - 32 {
            copy_block::<OWN>(from, to, i);
            i = i.wrapping_add(32);
        }
        // This may overlap what was copied before.
        copy_block::<OWN>(from, to, len - 32);
    }
}

/// More than [`STRING_MIN`] bytes.
///
/// A CPU compares the addresses of loads with those of stores before them by their lowest 12 bits.
/// If `to` is just above `from` in these, each load of a string instruction looks like one of what
/// it has just stored, and waits: three times as long. Words do not mind, since a block is read
/// before it is written.
///
/// # Safety
/// As [`copy`].
#[inline(always)]
unsafe fn copy_long<const OWN: bool>(from: *const u8, to: *mut u8, len: usize) {
    let apart = (to as usize).wrapping_sub(from as usize) % 4096;
    // SAFETY: the caller's promise.
    unsafe {
        if apart.wrapping_sub(1) < 31 {
            copy_aliased::<OWN>(from, to, len);
        } else {
            copy_down(from, to, len);
        }
    }
}

/// # Safety
/// As [`copy_blocks`].
#[cold]
#[inline(never)]
unsafe fn copy_aliased<const OWN: bool>(from: *const u8, to: *mut u8, len: usize) {
    // SAFETY: the caller's promise.
    unsafe { copy_blocks::<OWN>(from, to, len) }
}

/// Copies `len` bytes. `OWN`: nobody else sees `to`, which makes better code.
///
/// # Safety
/// `from` is valid for reads and `to` for writes of `len` bytes; they do not overlap. Either may be
/// changed by others meanwhile, `to` not if it is our own.
#[inline(always)]
pub(crate) unsafe fn copy<const OWN: bool>(from: *const u8, to: *mut u8, len: usize) {
    // SAFETY: the caller's promise; all accesses are within len. What ends with the last byte may
    // overlap what was copied before.
    unsafe {
        if len > STRING_MIN {
            return copy_long::<OWN>(from, to, len);
        }
        if len >= 32 {
            return copy_blocks::<OWN>(from, to, len);
        }
        if len >= 16 {
            copy_pair::<OWN>(from, to, 0);
            return copy_pair::<OWN>(from, to, len - 16);
        }
        if len >= 8 {
            let (first, last): (u64, u64) = (read(from), read(from.add(len - 8)));
            put::<OWN, _>(to, first);
            return put::<OWN, _>(to.add(len - 8), last);
        }
        copy_short(from, to, len);
    }
}

/// Copies `len` bytes, from the first to the last.
///
/// # Safety
/// As [`copy`], but they may overlap if `to` is below `from`.
#[inline(always)]
pub(crate) unsafe fn copy_down(from: *const u8, to: *mut u8, len: usize) {
    // SAFETY: the caller's promise; all accesses are within len. The direction flag is clear.
    unsafe {
        if len < 8 {
            return copy_short(from, to, len);
        }
        let last: u64 = read(from.add(len - 8));
        asm!("rep movsq", inout("rcx") len / 8 => _, inout("rsi") from => _, inout("rdi") to => _,
             options(nostack, preserves_flags));
        write(to.add(len - 8), last);
    }
}

/// Moves `len` bytes `by` up, from the last to the first.
///
/// # Safety
/// `at` is valid for reads and writes of `len + by` bytes, which nobody else changes.
#[inline(always)]
pub(crate) unsafe fn shift_up(at: *mut u8, len: usize, by: usize) {
    // SAFETY: the caller's promise; all accesses are within len + by.
    unsafe {
        let to = at.add(by);
        // In both of these, all is read before anything is written.
        if len < 8 {
            return copy_short(at, to, len);
        }
        if len <= 16 {
            let (first, last): (u64, u64) = (read_own(at), read_own(at.add(len - 8)));
            write_own(to, first);
            return write_own(to.add(len - 8), last);
        }
        // Before words further up are moved over them.
        let (first, second): (u64, u64) = (read_own(at), read_own(at.add(8)));
        let mut i = len;
        while i > 16 {
            i = i.wrapping_sub(16);
            let (a, b): (u64, u64) = (read_own(at.add(i)), read_own(at.add(i + 8)));
            write_own(to.add(i), a);
            write_own(to.add(i + 8), b);
        }
        write_own(to, first);
        write_own(to.add(8), second);
    }
}

macro_rules! copy_of_value {
    ($(#[$doc:meta])* $name:ident, $read:path, $write:path) => {
        $(#[$doc])*
        /// Short values become plain moves.
        ///
        /// # Safety
        /// As [`copy`], for the size of `V`; nobody else changes the caller's own end.
        #[inline(always)]
        pub(crate) unsafe fn $name<V>(from: *const u8, to: *mut u8) {
            use {$read as read, $write as write};
            let len = const { size_of::<V>() };
            // SAFETY: the caller's promise; all accesses are within len.
            unsafe {
                if len > 64 {
                    return copy_down(from, to, len);
                }
                let mut i = 0;
                while i + 8 <= len {
                    write(to.add(i), read::<u64>(from.add(i)));
                    i += 8;
                }
                // Pieces, not an overlap with the last word: a field is copied once.
                if len & 4 != 0 {
                    write(to.add(i), read::<u32>(from.add(i)));
                    i += 4;
                }
                if len & 2 != 0 {
                    write(to.add(i), read::<u16>(from.add(i)));
                    i += 2;
                }
                if len & 1 != 0 {
                    write(to.add(i), read::<u8>(from.add(i)));
                }
            }
        }
    };
}

copy_of_value! {
    /// Copies a value out of shared memory to a place of the caller's own, which can then be
    /// registers.
    load_value, self::read, self::write_own
}

copy_of_value! {
    /// Copies a value of the caller's own to shared memory. `to` is aligned to 8 bytes, as all
    /// values of maps are, and so each piece is to its size.
    store_value, self::read_own, self::write_aligned
}

/// Whether `len` bytes are equal.
///
/// # Safety
/// Both are valid for reads of `len` bytes, which others may change meanwhile.
#[inline(always)]
pub(crate) unsafe fn equal(a: *const u8, b: *const u8, len: usize) -> bool {
    // SAFETY: the caller's promise; all accesses are within len.
    unsafe {
        let diff = |i: usize| read::<u64>(a.add(i)) ^ read::<u64>(b.add(i));
        if len >= 16 {
            // The last two words may overlap those before.
            let end = len - 16;
            let mut i = 0usize;
            while i < end {
                if diff(i) | diff(i + 8) != 0 {
                    return false;
                }
                i = i.wrapping_add(16);
            }
            return diff(end) | diff(end + 8) == 0;
        }
        if len >= 8 {
            return diff(0) | diff(len - 8) == 0;
        }
        if len >= 4 {
            let diff = |i: usize| read::<u32>(a.add(i)) ^ read::<u32>(b.add(i));
            return diff(0) | diff(len - 4) == 0;
        }
        (0..len).all(|i| read::<u8>(a.add(i)) == read::<u8>(b.add(i)))
    }
}
