// SPDX-License-Identifier: GPL-2.0-only
use super::array::by_index;
use super::{EXIST, Found, Lookup, MapDef, MapType, NOEXIST, Update, read, sealed::Sealed, write};
use crate::pod::{AnyBits, AtomicPod, Pod, SharedPod};
use crate::{Errno, Scope, cpu, ffi};
use core::marker::PhantomData;
use core::ptr::NonNull;

/// An array with a copy of each element per CPU (BPF_MAP_TYPE_PERCPU_ARRAY), zero at first. A
/// program sees the copies of its own CPU. Look-ups are inlined: no call.
///
/// ```
/// use rex::prelude::*;
/// # let _session = rex::mock::Session::new();
///
/// #[rex_map]
/// static PACKETS: RexPerCpuArray<u64> = RexPerCpuArray::new(256, 0);
///
/// PACKETS.add(17, 1);
/// assert_eq!(PACKETS.get(17), Some(1));
/// ```
#[repr(transparent)]
pub struct RexPerCpuArray<V>(MapDef, PhantomData<fn() -> V>);

impl<V> Sealed for RexPerCpuArray<V> {}
// SAFETY: transparent over MapDef.
unsafe impl<V: AnyBits> MapType for RexPerCpuArray<V> {}

impl<V: AnyBits> RexPerCpuArray<V> {
    /// `max_entries` elements; `flags`: BPF_F_* of map creation.
    pub const fn new(max_entries: u32, flags: u32) -> Self {
        Self(
            MapDef::new::<u32, V>(ffi::bpf_map_type_BPF_MAP_TYPE_PERCPU_ARRAY, max_entries, flags),
            PhantomData,
        )
    }

    /// The number of elements.
    #[inline(always)]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> u32 {
        self.0.get().max_entries
    }

    /// Address of this CPU's copy of element `index`; good as long as the program is loaded.
    #[inline(always)]
    fn at(&self, index: u32) -> Option<*mut V> {
        let def = self.0.get();
        if index >= def.max_entries {
            return None;
        }
        let pointers = def.base as *const u64;
        // SAFETY: a live map: base points to one per-CPU pointer per element. The mask keeps a
        // mispredicted bounds check from reading elsewhere.
        let copies = unsafe { *pointers.add((index & def.index_mask) as usize) };
        Some(copies.wrapping_add(cpu::this_cpu_off()) as *mut V)
    }
}

impl<V: SharedPod> RexPerCpuArray<V> {
    /// Borrows this CPU's copy of element `index`; `None` when there is no such element.
    #[inline(always)]
    pub fn get_ref(&self, index: u32) -> Option<&V> {
        // SAFETY: a value of a live map: V's size, 8-byte aligned, and mapped as long as the
        // program is. Everybody may change it: V is SharedPod.
        self.at(index).map(|at| unsafe { &*at })
    }
}

impl<V: Pod> RexPerCpuArray<V> {
    /// Copies this CPU's copy of element `index` out; `None` when there is no such element.
    #[inline(always)]
    pub fn get(&self, index: u32) -> Option<V> {
        // SAFETY: a value of a live map.
        self.at(index).map(|at| unsafe { read(at.cast()) })
    }

    /// Sets this CPU's copy of element `index`; false when there is no such element.
    #[inline(always)]
    pub fn set(&self, index: u32, value: V) -> bool {
        // SAFETY: a value of a live map.
        self.at(index).map(|at| unsafe { write(at.cast(), &value) }).is_some()
    }
}

impl RexPerCpuArray<u64> {
    /// [`add`](Self::add) of 1.
    #[inline(always)]
    pub fn increment(&self, index: u32) {
        if let Some(at) = self.at(index) {
            // SAFETY: as in `add`.
            unsafe {
                core::arch::asm!("inc qword ptr [{at}]", at = in(reg) at, options(nostack));
            }
        }
    }

    /// Adds `n` to this CPU's counter `index`, in one instruction: nothing that interrupts the
    /// program on this CPU can make it miss a count. No effect when there is no such element.
    #[inline(always)]
    pub fn add(&self, index: u32, n: u64) {
        if let Some(at) = self.at(index) {
            // SAFETY: a value of a live map, 8 bytes, which asm may change while others read it.
            unsafe {
                core::arch::asm!("add qword ptr [{at}], {n}", at = in(reg) at, n = in(reg) n,
                                 options(nostack));
            }
        }
    }
}

impl<V: AtomicPod> RexPerCpuArray<V> {
    /// Borrows this CPU's copy of element `index` as an atomic integer.
    #[inline(always)]
    pub fn atomic(&self, index: u32) -> Option<&V::Atomic> {
        // SAFETY: a value of a live map, 8-byte aligned, and mapped as long as the program is;
        // the atomic type has its size (AtomicPod).
        self.at(index).map(|at| unsafe { &*at.cast() })
    }
}

by_index!(RexPerCpuArray);
