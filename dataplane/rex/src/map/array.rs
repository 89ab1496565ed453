// SPDX-License-Identifier: GPL-2.0-only
use super::{EXIST, Found, Lookup, MapDef, MapType, NOEXIST, Update, read, sealed::Sealed, write};
use crate::pod::{AnyBits, AtomicPod, Pod, SharedPod};
use crate::{Errno, Scope, ffi};
use core::marker::PhantomData;
use core::mem::size_of;
use core::ptr::NonNull;

/// An array of `V` (BPF_MAP_TYPE_ARRAY), zero at first. Look-ups are inlined: no call.
///
/// ```
/// use rex::prelude::*;
/// # let _session = rex::mock::Session::new();
///
/// #[rex_map]
/// static LIMITS: RexArray<u32> = RexArray::new(4, 0);
///
/// assert!(LIMITS.set(3, 7));
/// assert_eq!(LIMITS.get(3), Some(7));
/// assert_eq!(LIMITS.get(4), None);
/// ```
#[repr(transparent)]
pub struct RexArray<V>(MapDef, PhantomData<fn() -> V>);

impl<V> Sealed for RexArray<V> {}
// SAFETY: transparent over MapDef.
unsafe impl<V: AnyBits> MapType for RexArray<V> {}

impl<V: AnyBits> RexArray<V> {
    /// `max_entries` elements; `flags`: BPF_F_* of map creation.
    pub const fn new(max_entries: u32, flags: u32) -> Self {
        Self(
            MapDef::new::<u32, V>(ffi::bpf_map_type_BPF_MAP_TYPE_ARRAY, max_entries, flags),
            PhantomData,
        )
    }

    /// The number of elements: that of [`new`](Self::new), unless whoever loaded the program wanted
    /// another one.
    #[inline(always)]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> u32 {
        self.0.get().max_entries
    }

    /// Address of element `index`, shared with everybody, good as long as the program is loaded.
    #[inline(always)]
    fn at(&self, index: u32) -> Option<*mut V> {
        let def = self.0.get();
        if index >= def.max_entries {
            return None;
        }
        // The mask keeps a mispredicted bounds check from reading elsewhere. An array's elements
        // are as far from each other as their size says, which the compiler knows.
        let stride = const { size_of::<V>().next_multiple_of(8) as u64 };
        let offset = u64::from(index & def.index_mask) * stride;
        // Within the map, hence no overflow.
        Some(def.base.wrapping_add(offset) as *mut V)
    }
}

impl<V: SharedPod> RexArray<V> {
    /// Borrows element `index`; `None` when there is no such element.
    #[inline(always)]
    pub fn get_ref(&self, index: u32) -> Option<&V> {
        // SAFETY: an element of a live map: V's size, 8-byte aligned, and mapped as long as the
        // program is. Everybody may change it: V is SharedPod.
        self.at(index).map(|at| unsafe { &*at })
    }
}

impl<V: Pod> RexArray<V> {
    /// Copies element `index` out; `None` when there is no such element. Words of 8 aligned bytes
    /// are whole, a larger value may be a mixture when somebody writes it at the same time.
    #[inline(always)]
    pub fn get(&self, index: u32) -> Option<V> {
        // SAFETY: an element of a live map.
        self.at(index).map(|at| unsafe { read(at.cast()) })
    }

    /// Sets element `index`; false when there is no such element.
    #[inline(always)]
    pub fn set(&self, index: u32, value: V) -> bool {
        // SAFETY: an element of a live map.
        self.at(index).map(|at| unsafe { write(at.cast(), &value) }).is_some()
    }
}

impl<V: AtomicPod> RexArray<V> {
    /// Borrows element `index` as an atomic integer.
    #[inline(always)]
    pub fn atomic(&self, index: u32) -> Option<&V::Atomic> {
        // SAFETY: a value of a live map, 8-byte aligned, and mapped as long as the program is;
        // the atomic type has its size (AtomicPod).
        self.at(index).map(|at| unsafe { &*at.cast() })
    }
}

/// What maps with an index for key are to code that takes any map: `at` finds their values.
macro_rules! by_index {
    ($name:ident) => {
        impl<V: AnyBits> Lookup for $name<V> {
            type Key = u32;
            type Value = V;

            #[inline(always)]
            fn find<'a>(&self, _scope: Scope<'a>, key: &u32) -> Found<'a, V> {
                // SAFETY: a value of a live map, mapped as long as the program is.
                unsafe { Found::new(self.at(*key).and_then(NonNull::new)) }
            }
        }

        impl<V: Pod> Update for $name<V> {
            #[inline(always)]
            fn update(&self, key: &u32, value: &V, flags: u64) -> Result<(), Errno> {
                match self.at(*key) {
                    _ if flags > EXIST => Err(Errno::EINVAL),
                    None => Err(Errno::E2BIG),
                    Some(_) if flags == NOEXIST => Err(Errno::EEXIST),
                    Some(at) => {
                        // SAFETY: a value of a live map.
                        unsafe { write(at.cast(), value) };
                        Ok(())
                    }
                }
            }

            #[inline(always)]
            fn delete(&self, _key: &u32) -> Result<(), Errno> {
                Err(Errno::EINVAL)
            }
        }
    };
}
pub(super) use by_index;

by_index!(RexArray);
