// SPDX-License-Identifier: GPL-2.0-only
//! The four kinds of hash table.

use super::{ANY, Found, Lookup, MapDef, MapType, NOEXIST, Update, sealed::Sealed};
use crate::pod::{AnyBits, AtomicPod, Pod, SharedPod};
use crate::{Errno, Scope, ffi};
use core::marker::PhantomData;
use core::ptr::NonNull;

macro_rules! hash_map {
    ($(#[$doc:meta])* $name:ident, $type:ident, $lookup:ident, $value:literal) => {
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

            /// The place of the value, allocated until the end of the invocation.
            #[inline(always)]
            fn at(&self, key: &K) -> Option<NonNull<V>> {
                self.0.$lookup(key).map(NonNull::cast)
            }

            /// Removes an element; ENOENT when there is none.
            #[inline(always)]
            pub fn remove(&self, key: &K) -> Result<(), Errno> {
                self.0.delete(key)
            }

            /// Whether there is such an element.
            #[inline(always)]
            pub fn contains(&self, key: &K) -> bool {
                self.at(key).is_some()
            }
        }

        impl<K: Pod, V: Pod> $name<K, V> {
            #[doc = concat!("Copies ", $value, " out; `None` when there is no such element.")]
            #[inline(always)]
            pub fn get(&self, key: &K) -> Option<V> {
                // SAFETY: a value of a live map, allocated until the end of the invocation.
                unsafe { Found::new(self.at(key)) }.cloned()
            }

            #[doc = concat!("Sets ", $value, ", adding the element when it is new; E2BIG when the map is full.")]
            #[inline(always)]
            pub fn set(&self, key: &K, value: V) -> Result<(), Errno> {
                self.0.update(key, &value, ANY)
            }

            /// The same as [`set`](Self::set).
            #[inline(always)]
            pub fn insert(&self, key: &K, value: V) -> Result<(), Errno> {
                self.set(key, value)
            }

            /// Adds a new element; EEXIST when there is one already.
            #[inline(always)]
            pub fn insert_new(&self, key: &K, value: V) -> Result<(), Errno> {
                self.0.update(key, &value, NOEXIST)
            }
        }

        impl<K: Pod, V: AtomicPod> $name<K, V> {
            #[doc = concat!("Borrows ", $value, " as an atomic integer for the rest of the invocation.")]
            #[inline(always)]
            pub fn atomic<'a>(&self, scope: Scope<'a>, key: &K) -> Option<&'a V::Atomic> {
                self.find(scope, key).atomic()
            }
        }

        impl<K: Pod, V: SharedPod> $name<K, V> {
            #[doc = concat!("Borrows ", $value, " for the rest of the invocation, `None` when there is no such element.")]
            /// When the element is removed meanwhile, the memory may already serve another one.
            #[inline(always)]
            pub fn get_ref<'a>(&self, scope: Scope<'a>, key: &K) -> Option<&'a V> {
                self.find(scope, key).as_shared()
            }

            #[doc = concat!("Sets ", $value, " from a copy of `value`, adding the element when it is new.")]
            #[inline(always)]
            pub fn set_from(&self, key: &K, value: &V) -> Result<(), Errno> {
                self.0.update(key, value, ANY)
            }

            /// Adds a new element, a copy of `value`; EEXIST when there is one already.
            #[inline(always)]
            pub fn insert_new_from(&self, key: &K, value: &V) -> Result<(), Errno> {
                self.0.update(key, value, NOEXIST)
            }
        }

        impl<K: Pod, V: AnyBits> Lookup for $name<K, V> {
            type Key = K;
            type Value = V;

            #[inline(always)]
            fn find<'a>(&self, _scope: Scope<'a>, key: &K) -> Found<'a, V> {
                // SAFETY: a value of a live map, allocated until the end of the invocation, which
                // 'a does not outlive.
                unsafe { Found::new(self.at(key)) }
            }
        }

        impl<K: Pod, V: AnyBits> Update for $name<K, V> {
            #[inline(always)]
            fn update(&self, key: &K, value: &V, flags: u64) -> Result<(), Errno> {
                self.0.update(key, value, flags)
            }

            #[inline(always)]
            fn delete(&self, key: &K) -> Result<(), Errno> {
                self.0.delete(key)
            }
        }
    };
}

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
    RexHashMap, bpf_map_type_BPF_MAP_TYPE_HASH, hash_lookup, "the value of `key`"
}

hash_map! {
    /// A hash table that makes room by itself (BPF_MAP_TYPE_LRU_HASH): a new element takes the
    /// place of one that was not used for long, at times before all `max_entries` are in use.
    ///
    /// EBUSY: an update or removal in NMI, or while it interrupts another one on this CPU.
    ///
    /// ```
    /// use rex::prelude::*;
    /// # let _session = rex::mock::Session::new();
    ///
    /// #[rex_map]
    /// static FLOWS: RexLruHashMap<u32, u64> = RexLruHashMap::new(2, 0);
    ///
    /// for flow in 0..10 {
    ///     assert_eq!(FLOWS.set(&flow, 1), Ok(()));
    /// }
    /// assert_eq!(FLOWS.get(&9), Some(1));
    /// ```
    RexLruHashMap, bpf_map_type_BPF_MAP_TYPE_LRU_HASH, hash_lookup, "the value of `key`"
}

hash_map! {
    /// A hash table with a copy of each value per CPU (BPF_MAP_TYPE_PERCPU_HASH). A program sees
    /// the copies of its own CPU.
    ///
    /// ```
    /// use rex::prelude::*;
    /// # let _session = rex::mock::Session::new();
    ///
    /// #[rex_map]
    /// static FLOWS: RexPerCpuHashMap<u32, u64> = RexPerCpuHashMap::new(1024, 0);
    ///
    /// assert_eq!(FLOWS.set(&1, 2), Ok(()));
    /// assert_eq!(FLOWS.get(&1), Some(2));
    /// ```
    RexPerCpuHashMap, bpf_map_type_BPF_MAP_TYPE_PERCPU_HASH, lookup, "this CPU's value of `key`"
}

hash_map! {
    /// [`RexLruHashMap`] with a copy of each value per CPU (BPF_MAP_TYPE_LRU_PERCPU_HASH).
    ///
    /// ```
    /// use rex::prelude::*;
    /// # let _session = rex::mock::Session::new();
    ///
    /// #[rex_map]
    /// static FLOWS: RexLruPerCpuHashMap<u32, u64> = RexLruPerCpuHashMap::new(1024, 0);
    ///
    /// assert_eq!(FLOWS.set(&1, 2), Ok(()));
    /// assert_eq!(FLOWS.get(&1), Some(2));
    /// ```
    RexLruPerCpuHashMap, bpf_map_type_BPF_MAP_TYPE_LRU_PERCPU_HASH, lookup, "this CPU's value of `key`"
}
