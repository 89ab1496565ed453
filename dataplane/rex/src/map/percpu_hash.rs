// SPDX-License-Identifier: GPL-2.0-only
use super::hash::hash_map;
use super::{MapDef, MapType, UpdateFlags, read, sealed::Sealed};
use crate::pod::{AnyBits, Pod, SharedPod};
use crate::{Errno, Result, Scope, ffi};
use core::marker::PhantomData;

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
    RexPerCpuHashMap, bpf_map_type_BPF_MAP_TYPE_PERCPU_HASH, "this CPU's value of `key`"
}
