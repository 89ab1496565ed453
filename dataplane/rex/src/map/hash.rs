// SPDX-License-Identifier: GPL-2.0-only
use super::{MapDef, MapType, UpdateFlags, read, sealed::Sealed};
use crate::pod::{AnyBits, Pod, SharedPod};
use crate::{Errno, Result, Scope, ffi};
use core::marker::PhantomData;

macro_rules! hash_map {
    ($(#[$doc:meta])* $name:ident, $type:ident, $value:literal) => {
        $(#[$doc])*
        #[repr(transparent)]
        pub struct $name<K, V>(MapDef, PhantomData<fn(K) -> V>);

        impl<K, V> Sealed for $name<K, V> {}
        // SAFETY: transparent over MapDef.
        unsafe impl<K: Pod, V: AnyBits> MapType for $name<K, V> {}

        impl<K: Pod, V: AnyBits> $name<K, V> {
            /// At most `max_entries` elements; `flags`: BPF_F_* of map creation.
            pub const fn new(max_entries: u32, flags: u32) -> Self {
                Self(MapDef::new::<K, V>(ffi::$type, max_entries, flags), PhantomData)
            }

            /// Removes an element; ENOENT when there is none.
            #[inline(always)]
            pub fn remove(&self, key: &K) -> Result<(), Errno> {
                self.0.delete(key)
            }

            /// Whether there is such an element.
            #[inline(always)]
            pub fn contains(&self, key: &K) -> bool {
                self.0.lookup(key).is_some()
            }
        }

        impl<K: Pod, V: Pod> $name<K, V> {
            #[doc = concat!("Copies ", $value, " out; `None` when there is no such element.")]
            #[inline(always)]
            pub fn get(&self, key: &K) -> Option<V> {
                // SAFETY: a value of a live map, allocated until the end of the invocation.
                self.0.lookup(key).map(|at| unsafe { read(at.as_ptr()) })
            }

            #[doc = concat!("Sets ", $value, ", adding the element when it is new; E2BIG when the map is full.")]
            #[inline(always)]
            pub fn set(&self, key: &K, value: V) -> Result<(), Errno> {
                self.0.update(key, &value, UpdateFlags::Any)
            }

            /// Adds a new element; EEXIST when there is one already.
            #[inline(always)]
            pub fn insert_new(&self, key: &K, value: V) -> Result<(), Errno> {
                self.0.update(key, &value, UpdateFlags::NoExist)
            }
        }

        impl<K: Pod, V: SharedPod> $name<K, V> {
            #[doc = concat!("Borrows ", $value, " for the rest of the invocation, `None` when there is no such element.")]
            /// When the element is removed meanwhile, the memory may already serve another one.
            #[inline(always)]
            pub fn get_ref<'a>(&self, _scope: Scope<'a>, key: &K) -> Option<&'a V> {
                // SAFETY: a value of a live map: V's size, 8-byte aligned, allocated until the end
                // of the invocation, which 'a does not outlive. Everybody may change it: V is
                // SharedPod.
                self.0.lookup(key).map(|at| unsafe { &*at.as_ptr().cast() })
            }

            #[doc = concat!("Sets ", $value, " from a copy of `value`, adding the element when it is new.")]
            #[inline(always)]
            pub fn set_from(&self, key: &K, value: &V) -> Result<(), Errno> {
                self.0.update(key, value, UpdateFlags::Any)
            }

            /// Adds a new element, a copy of `value`; EEXIST when there is one already.
            #[inline(always)]
            pub fn insert_new_from(&self, key: &K, value: &V) -> Result<(), Errno> {
                self.0.update(key, value, UpdateFlags::NoExist)
            }
        }
    };
}
pub(super) use hash_map;

hash_map! {
    /// A hash table (BPF_MAP_TYPE_HASH).
    ///
    /// ```
    /// use rex::prelude::*;
    /// # let _session = rex::mock::Session::new();
    ///
    /// #[rex_map]
    /// static ERRORS: RexHashMap<i32, u64> = RexHashMap::new(1, 0);
    ///
    /// assert_eq!(ERRORS.set(&42, 7), Ok(()));
    /// assert_eq!(ERRORS.get(&42), Some(7));
    /// assert_eq!(ERRORS.set(&43, 7), Err(Errno::E2BIG));
    /// ```
    RexHashMap, bpf_map_type_BPF_MAP_TYPE_HASH, "the value of `key`"
}
