// SPDX-License-Identifier: GPL-2.0-only
//! Maps in memory. They are bound before main() and never freed: a program may hold a borrow of an
//! array's element for as long as it is loaded, and of a hash element until its invocation ends.

use crate::ffi::{self, rex_map_def};
use std::collections::HashMap;
use std::slice;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// Values as 8-byte words: the kernel's alignment.
type Words = &'static mut [u64];

enum Storage {
    Array(Words),
    Hash(HashMap<Vec<u8>, usize>),
}

static STORAGE: LazyLock<Mutex<HashMap<usize, Storage>>> = LazyLock::new(Mutex::default);

/// What per-CPU offset the one CPU has.
static CPU_OFFSET: u64 = 0;

/// Address of [`CPU_OFFSET`]: %gs is 0 in a process, so a %gs-relative address is a plain one.
#[repr(transparent)]
struct Runtime(*const u64);

// SAFETY: never written.
unsafe impl Sync for Runtime {}

// SAFETY: the name is the ABI's; nothing else in a test defines it.
#[unsafe(export_name = "rex_runtime")]
static RUNTIME: Runtime = Runtime(&raw const CPU_OFFSET);

/// So that the section exists in a test without maps.
// SAFETY: a rex_map_def, as everything in the section; without entries, it is skipped.
#[used]
#[unsafe(link_section = "rex_maps")]
static mut NO_MAP: rex_map_def = rex_map_def {
    name: [0; 16],
    type_: 0,
    key_size: 0,
    value_size: 0,
    max_entries: 0,
    flags: 0,
    __reserved: 0,
    map: 0,
    base: 0,
    stride: 0,
    index_mask: 0,
};

unsafe extern "C" {
    #[link_name = "__start_rex_maps"]
    static mut MAPS: rex_map_def;
    #[link_name = "__stop_rex_maps"]
    static mut MAPS_END: rex_map_def;
}

// SAFETY: run by the C runtime once, before main() and any thread.
#[used]
#[unsafe(link_section = ".init_array")]
static BIND: extern "C" fn() = bind;

fn words(bytes: usize) -> Words {
    Box::leak(vec![0u64; bytes.div_ceil(8)].into_boxed_slice())
}

fn storage() -> MutexGuard<'static, HashMap<usize, Storage>> {
    STORAGE.lock().unwrap_or_else(PoisonError::into_inner)
}

extern "C" fn bind() {
    let mut storage = storage();
    let (mut def, end) = (&raw mut MAPS, &raw mut MAPS_END);
    while def < end {
        // SAFETY: the section holds map definitions only, and nobody runs yet.
        let map = unsafe { &mut *def };
        let stride = map.value_size.next_multiple_of(8);
        let entries = map.max_entries as usize;
        map.index_mask = map.max_entries.next_power_of_two().wrapping_sub(1);
        let values = match map.type_ {
            _ if entries == 0 => None,
            ffi::bpf_map_type_BPF_MAP_TYPE_ARRAY => {
                let values = words(entries * stride as usize);
                map.base = values.as_ptr() as u64;
                map.stride = stride;
                Some(Storage::Array(values))
            }
            ffi::bpf_map_type_BPF_MAP_TYPE_PERCPU_ARRAY => {
                let values = words(entries * stride as usize);
                let pointers = words(entries * 8);
                for (i, pointer) in pointers.iter_mut().enumerate() {
                    *pointer = values.as_ptr() as u64 + (i * stride as usize) as u64;
                }
                map.base = pointers.as_ptr() as u64;
                map.stride = 8;
                Some(Storage::Array(values))
            }
            _ => Some(Storage::Hash(HashMap::new())),
        };
        storage.extend(values.map(|values| (def as usize, values)));
        // SAFETY: still within the section, or its end.
        def = unsafe { def.add(1) };
    }
}

pub(super) fn reset() {
    for values in storage().values_mut() {
        match values {
            Storage::Array(words) => words.fill(0),
            Storage::Hash(elements) => elements.clear(),
        }
    }
}

/// # Safety
/// As rex_map_lookup.
pub(super) unsafe fn lookup(map: *const rex_map_def, key: *const u8) -> Option<usize> {
    // SAFETY: a live map of such keys.
    let key = unsafe { slice::from_raw_parts(key, (*map).key_size as usize) };
    match storage().get(&(map as usize))? {
        Storage::Hash(elements) => elements.get(key).copied(),
        // Arrays are inlined.
        Storage::Array(_) => None,
    }
}

/// # Safety
/// As rex_map_update.
pub(super) unsafe fn update(
    map: *const rex_map_def,
    key: *const u8,
    value: *const u8,
    flags: u64,
) -> Result<(), u32> {
    // SAFETY: a live map of such keys and values.
    let (map_ref, key, value) = unsafe {
        let def = &*map;
        (
            def,
            slice::from_raw_parts(key, def.key_size as usize),
            slice::from_raw_parts(value, def.value_size as usize),
        )
    };
    let mut storage = storage();
    let Some(Storage::Hash(elements)) = storage.get_mut(&(map as usize)) else {
        return Err(ffi::EINVAL);
    };
    let old = elements.get(key);
    if old.is_some() && flags == u64::from(ffi::BPF_NOEXIST) {
        return Err(ffi::EEXIST);
    }
    if old.is_none() && flags == u64::from(ffi::BPF_EXIST) {
        return Err(ffi::ENOENT);
    }
    if old.is_none() && elements.len() >= map_ref.max_entries as usize {
        let lru = [
            ffi::bpf_map_type_BPF_MAP_TYPE_LRU_HASH,
            ffi::bpf_map_type_BPF_MAP_TYPE_LRU_PERCPU_HASH,
        ];
        if !lru.contains(&map_ref.type_) {
            return Err(ffi::E2BIG);
        }
        let victim = elements.keys().next().cloned();
        victim.and_then(|key| elements.remove(&key));
    }
    let new = words(value.len());
    // SAFETY: `new` has room for the value.
    unsafe { new.as_mut_ptr().cast::<u8>().copy_from(value.as_ptr(), value.len()) };
    elements.insert(key.to_vec(), new.as_mut_ptr() as usize);
    Ok(())
}

/// # Safety
/// As rex_map_delete.
pub(super) unsafe fn delete(map: *const rex_map_def, key: *const u8) -> Result<(), u32> {
    // SAFETY: a live map of such keys.
    let key = unsafe { slice::from_raw_parts(key, (*map).key_size as usize) };
    match storage().get_mut(&(map as usize)) {
        Some(Storage::Hash(elements)) => elements.remove(key).map(|_| ()).ok_or(ffi::ENOENT),
        _ => Err(ffi::EINVAL),
    }
}
