// SPDX-License-Identifier: GPL-2.0-only
//! Queue and stack.

use super::{EXIST, MapDef, MapType, sealed::Sealed, value_size};
use crate::pod::Pod;
use crate::{Errno, ffi};
use core::marker::PhantomData;
use core::mem::MaybeUninit;

macro_rules! queue {
    ($(#[$doc:meta])* $name:ident, $type:ident, $end:literal) => {
        $(#[$doc])*
        ///
        /// EBUSY: somebody holds its lock and cannot be waited for: in NMI, or when this program
        /// interrupts an operation of another one on this CPU.
        #[repr(transparent)]
        pub struct $name<V>(MapDef, PhantomData<fn(V) -> V>);

        impl<V> Sealed for $name<V> {}
        // SAFETY: transparent over MapDef.
        unsafe impl<V: Pod> MapType for $name<V> {}

        impl<V: Pod> $name<V> {
            /// At most `max_entries` elements; `flags`: BPF_F_* of map creation.
            pub const fn new(max_entries: u32, flags: u32) -> Self {
                Self(
                    MapDef::sized(ffi::$type, 0, value_size::<V>(), max_entries, flags),
                    PhantomData,
                )
            }

            /// Adds an element; E2BIG when the map is full.
            #[inline(always)]
            pub fn push(&self, value: V) -> Result<(), Errno> {
                self.push_flags(&value, 0)
            }

            /// Adds an element; when the map is full, the oldest one makes room.
            #[inline(always)]
            pub fn push_over(&self, value: V) -> Result<(), Errno> {
                self.push_flags(&value, EXIST)
            }

            #[inline(always)]
            fn push_flags(&self, value: &V, flags: u64) -> Result<(), Errno> {
                let map = self.0.live()?;
                // SAFETY: a live map of values V, which have no padding.
                Errno::check(unsafe { ffi::rex_map_push(map, (&raw const *value).cast(), flags) })
            }

            #[doc = concat!("Takes the ", $end, " element out; ENOENT when there is none.")]
            #[inline(always)]
            pub fn pop(&self) -> Result<V, Errno> {
                let map = self.0.live()?;
                let mut value = MaybeUninit::<V>::uninit();
                // SAFETY: a live map of values V: the whole value is written on success.
                unsafe {
                    Errno::check(ffi::rex_map_pop(map, value.as_mut_ptr().cast()))?;
                    Ok(value.assume_init())
                }
            }

            #[doc = concat!("Copies the ", $end, " element; ENOENT when there is none.")]
            #[inline(always)]
            pub fn peek(&self) -> Result<V, Errno> {
                let map = self.0.live()?;
                let mut value = MaybeUninit::<V>::uninit();
                // SAFETY: a live map of values V: the whole value is written on success.
                unsafe {
                    Errno::check(ffi::rex_map_peek(map, value.as_mut_ptr().cast()))?;
                    Ok(value.assume_init())
                }
            }
        }
    };
}

queue! {
    /// First in, first out (BPF_MAP_TYPE_QUEUE).
    ///
    /// ```
    /// use rex::prelude::*;
    /// # let _session = rex::mock::Session::new();
    ///
    /// #[rex_map]
    /// static JOBS: RexQueue<u32> = RexQueue::new(2, 0);
    ///
    /// assert_eq!((JOBS.push(1), JOBS.push(2), JOBS.push(3)), (Ok(()), Ok(()), Err(Errno::E2BIG)));
    /// assert_eq!(JOBS.push_over(3), Ok(()));
    /// assert_eq!((JOBS.peek(), JOBS.pop(), JOBS.pop()), (Ok(2), Ok(2), Ok(3)));
    /// assert_eq!(JOBS.pop(), Err(Errno::ENOENT));
    /// ```
    RexQueue, bpf_map_type_BPF_MAP_TYPE_QUEUE, "oldest"
}

queue! {
    /// Last in, first out (BPF_MAP_TYPE_STACK).
    ///
    /// ```
    /// use rex::prelude::*;
    /// # let _session = rex::mock::Session::new();
    ///
    /// #[rex_map]
    /// static FREE: RexStack<u32> = RexStack::new(2, 0);
    ///
    /// assert_eq!((FREE.push(1), FREE.push(2)), (Ok(()), Ok(())));
    /// assert_eq!((FREE.peek(), FREE.pop(), FREE.pop()), (Ok(2), Ok(2), Ok(1)));
    /// ```
    RexStack, bpf_map_type_BPF_MAP_TYPE_STACK, "newest"
}
