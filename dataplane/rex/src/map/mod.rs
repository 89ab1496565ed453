// SPDX-License-Identifier: GPL-2.0-only
//! Maps: BPF maps declared as statics, created and bound when the program is loaded.
//!
//! ```
//! use rex::prelude::*;
//! use std::sync::atomic::{AtomicU64, Ordering};
//!
//! #[rex_map]
//! static HITS: RexArray<AtomicU64> = RexArray::new(16, 0);
//!
//! fn hit(port: u16) {
//!     if let Some(counter) = HITS.get_ref(u32::from(port)) {
//!         counter.fetch_add(1, Ordering::Relaxed);
//!     }
//! }
//! ```
//!
//! A map that is not a `#[rex_map]` static (a local value, say) is legal and empty: look-ups find
//! nothing, updates fail.

mod array;
mod found;
mod hash;
mod lpm_trie;
mod percpu_array;
mod perf_event_array;
mod queue;
mod redirect;
mod ringbuf;
mod stack_trace;

pub use array::RexArray;
pub use found::{Found, Lookup, Update};
pub use hash::{RexHashMap, RexLruHashMap, RexLruPerCpuHashMap, RexPerCpuHashMap};
pub use lpm_trie::{Address, Prefix, RexLpmTrie};
pub use percpu_array::RexPerCpuArray;
pub use perf_event_array::{CURRENT_CPU, OutputContext, RexPerfEventArray};
pub use queue::{RexQueue, RexStack};
pub use redirect::{RexCpuMap, RexDevMap, RexDevMapHash, RexXskMap};
pub use ringbuf::{Record, RecordBytes, RexRingBuf, Wakeup};
pub use stack_trace::RexStackTrace;

use crate::pod::AnyBits;
use crate::{Errno, ffi};
use core::cell::UnsafeCell;
use core::mem::{MaybeUninit, align_of, size_of};
use core::ptr::NonNull;

/// Update any element: add it when it is new.
pub const ANY: u64 = ffi::BPF_ANY as u64;
/// Add a new element only; else EEXIST.
pub const NOEXIST: u64 = ffi::BPF_NOEXIST as u64;
/// Change an element only that is there; else ENOENT.
pub const EXIST: u64 = ffi::BPF_EXIST as u64;

mod sealed {
    pub trait Sealed {}
}

/// Types that `#[rex_map]` accepts.
///
/// # Safety
/// `repr(transparent)` over `MapDef`.
#[diagnostic::on_unimplemented(
    message = "`#[rex_map]` needs a map type, `{Self}` is none",
    label = "not a map type",
    note = "map types are those of `rex::map`, RexArray<V> or RexHashMap<K, V> for instance; any \
            other static needs no attribute"
)]
pub unsafe trait MapType: sealed::Sealed {}

/// `struct rex_map_def`.
///
/// As made by [`MapDef::new`] it is inert: the wanted size is kept in `__reserved` and
/// `max_entries` is 0, so that the bounds check of every look-up fails. [`activate`] makes it live.
///
/// # Invariants
/// Either inert, or a static in section `.rex.maps`: then rex.ko has filled in the run-time part
/// and `max_entries` before any code of the program runs, and nobody writes it afterwards.
#[repr(transparent)]
struct MapDef(UnsafeCell<ffi::rex_map_def>);

// SAFETY: written only by rex.ko, before the program can run.
unsafe impl Sync for MapDef {}

/// What `#[rex_map]` expands to: names the map and makes it live.
///
/// # Safety
/// The result is the initial value of a static in section `.rex.maps`, and used for nothing else.
#[doc(hidden)]
pub const unsafe fn activate<M: MapType>(mut map: M, name: &str) -> M {
    let def = (&raw mut map).cast::<ffi::rex_map_def>();
    let name: [u8; ffi::REX_MAP_NAME_LEN as usize] = ffi::padded(name);
    // SAFETY: M is transparent over the struct (MapType), `map` is ours.
    unsafe {
        let mut i = 0;
        while i < name.len() {
            (*def).name[i] = name[i] as core::ffi::c_char;
            i += 1;
        }
        (*def).max_entries = (*def).__reserved;
        (*def).__reserved = 0;
    }
    map
}

impl MapDef {
    /// A map of keys K and values V.
    const fn new<K: AnyBits, V: AnyBits>(
        type_: ffi::bpf_map_type,
        max_entries: u32,
        flags: u32,
    ) -> Self {
        const {
            assert!(align_of::<K>() <= 8, "aligned to more than 8 bytes");
            assert!(size_of::<K>() > 0, "no bytes");
        }
        Self::sized(type_, size_of::<K>(), value_size::<V>(), max_entries, flags)
    }

    /// Every definition comes from here: the sizes are those of Rust's types, which may be larger
    /// than 32 bits can say, and what is defined must be what the program then reads and writes.
    const fn sized(
        type_: ffi::bpf_map_type,
        key_size: usize,
        value_size: usize,
        max_entries: u32,
        flags: u32,
    ) -> Self {
        assert!(max_entries > 0, "a map needs room for at least one element");
        assert!(max_entries <= 1 << 31, "a map has at most 2^31 elements");
        assert!(key_size <= 512, "a key has at most 512 bytes");
        assert!(
            value_size <= value_max(type_),
            "the value is too large for this kind of map: at most 2 GiB - 1 in an array, 32 KiB in \
             a map with values per CPU, 4 MiB - 1 KiB in any other"
        );
        Self(UnsafeCell::new(ffi::rex_map_def {
            name: [0; ffi::REX_MAP_NAME_LEN as usize],
            type_,
            key_size: key_size as u32,
            value_size: value_size as u32,
            max_entries: 0,
            flags,
            __reserved: max_entries,
            map: 0,
            base: 0,
            stride: 0,
            index_mask: 0,
        }))
    }

    #[inline(always)]
    fn get(&self) -> &ffi::rex_map_def {
        // SAFETY: type invariant: nobody writes while the program runs.
        unsafe { &*self.0.get() }
    }

    /// Whether helpers may be called on it.
    #[inline(always)]
    fn live(&self) -> Result<*const ffi::rex_map_def, Errno> {
        if self.get().max_entries == 0 { Err(Errno::EINVAL) } else { Ok(self.0.get()) }
    }

    /// The element's value, 8-byte aligned, of the map's value size, shared with everybody. It
    /// stays allocated until the end of the invocation.
    #[inline(always)]
    fn lookup<K: AnyBits>(&self, key: &K) -> Option<NonNull<u8>> {
        let map = self.live().ok()?;
        // SAFETY: a live map of keys K; `key` has no padding.
        NonNull::new(unsafe { ffi::rex_map_lookup(map, (&raw const *key).cast()) }.cast())
    }

    /// [`lookup`](Self::lookup) of hash maps.
    #[inline(always)]
    fn hash_lookup<K: AnyBits>(&self, key: &K) -> Option<NonNull<u8>> {
        let map = self.live().ok()?;
        // SAFETY: a live map of keys K; `key` has no padding. rex.ko tells how far behind the
        // element its value is.
        unsafe {
            let element = ffi::rex_hash_lookup(map, (&raw const *key).cast());
            Some(NonNull::new(element.cast::<u8>())?.add(self.get().stride as usize))
        }
    }

    #[inline(always)]
    fn update<K: AnyBits, V: AnyBits>(&self, key: &K, value: &V, flags: u64) -> Result<(), Errno> {
        let map = self.live()?;
        // SAFETY: a live map of keys K and values V, both without padding.
        Errno::check(unsafe {
            ffi::rex_map_update(map, (&raw const *key).cast(), (&raw const *value).cast(), flags)
        })
    }

    #[inline(always)]
    fn delete<K: AnyBits>(&self, key: &K) -> Result<(), Errno> {
        let map = self.live()?;
        // SAFETY: a live map of keys K.
        Errno::check(unsafe { ffi::rex_map_delete(map, (&raw const *key).cast()) })
    }
}

/// The largest value that the kernel takes (`*_alloc_check` in kernel/bpf): INT_MAX,
/// PCPU_MIN_UNIT_SIZE, and KMALLOC_MAX_SIZE less the key and what the kernel adds.
const fn value_max(type_: ffi::bpf_map_type) -> usize {
    match type_ {
        ffi::bpf_map_type_BPF_MAP_TYPE_ARRAY => i32::MAX as usize,
        ffi::bpf_map_type_BPF_MAP_TYPE_PERCPU_ARRAY
        | ffi::bpf_map_type_BPF_MAP_TYPE_PERCPU_HASH
        | ffi::bpf_map_type_BPF_MAP_TYPE_LRU_PERCPU_HASH => 32 << 10,
        _ => (4 << 20) - 1024,
    }
}

/// The kernel aligns values to 8 bytes (but for a trie's: see there).
const fn value_size<V: AnyBits>() -> usize {
    const {
        assert!(align_of::<V>() <= 8, "aligned to more than 8 bytes");
        assert!(size_of::<V>() > 0, "no bytes");
    }
    size_of::<V>()
}

/// # Safety
/// `from` is valid for reads of `V`; others may change it.
#[inline(always)]
unsafe fn read<V: crate::pod::Pod>(from: *const u8) -> V {
    let mut value = MaybeUninit::<V>::uninit();
    // SAFETY: as above; any bytes are a V.
    unsafe {
        crate::copy::load_value::<V>(from, value.as_mut_ptr().cast());
        value.assume_init()
    }
}

/// # Safety
/// `to` is valid for writes of `V` and aligned to 8 bytes; others may change it.
#[inline(always)]
unsafe fn write<V: crate::pod::Pod>(to: *mut u8, value: &V) {
    // SAFETY: as above.
    unsafe { crate::copy::store_value::<V>((&raw const *value).cast(), to) }
}
