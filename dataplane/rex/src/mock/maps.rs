// SPDX-License-Identifier: GPL-2.0-only
//! Maps in memory. They are bound before main() and never freed: a program may hold a borrow of an
//! array's element for as long as it is loaded, and of a hash element until its invocation ends.

use crate::ffi::{self, rex_map_def};
use std::collections::{HashMap, VecDeque};
use std::slice;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// Values as 8-byte words: the kernel's alignment.
type Words = &'static mut [u64];

enum Storage {
    Array(Words),
    Hash(HashMap<Vec<u8>, usize>),
    /// Queue and stack, the oldest first.
    Queue(VecDeque<Vec<u8>>),
    /// What ring buffers and perf event arrays were given.
    Records(Vec<Vec<u8>>),
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
            ffi::bpf_map_type_BPF_MAP_TYPE_QUEUE | ffi::bpf_map_type_BPF_MAP_TYPE_STACK => {
                Some(Storage::Queue(VecDeque::new()))
            }
            ffi::bpf_map_type_BPF_MAP_TYPE_RINGBUF
            | ffi::bpf_map_type_BPF_MAP_TYPE_PERF_EVENT_ARRAY => Some(Storage::Records(Vec::new())),
            _ => Some(Storage::Hash(HashMap::new())),
        };
        storage.extend(values.map(|values| (def as usize, values)));
        // SAFETY: still within the section, or its end.
        def = unsafe { def.add(1) };
    }
}

/// As the loader does; `reserved` keeps what the program says.
pub(super) fn set_max_entries(map: *const rex_map_def, entries: u32) {
    let storage = storage();
    assert!(matches!(storage.get(&(map as usize)), Some(Storage::Array(_))), "an array");
    // SAFETY: a map of the section, and no program runs.
    let map = unsafe { &mut *map.cast_mut() };
    if map.__reserved == 0 {
        map.__reserved = map.max_entries;
    }
    assert!((1..=map.__reserved).contains(&entries), "no more than the program has");
    map.max_entries = entries;
    map.index_mask = entries.next_power_of_two() - 1;
}

pub(super) fn reset() {
    for (map, values) in storage().iter_mut() {
        // SAFETY: a map of the section, and no program runs.
        let map = unsafe { &mut *(*map as *mut rex_map_def) };
        if map.__reserved != 0 {
            map.max_entries = map.__reserved;
            map.index_mask = map.max_entries.next_power_of_two() - 1;
        }
        match values {
            Storage::Array(words) => words.fill(0),
            Storage::Hash(elements) => elements.clear(),
            Storage::Queue(elements) => elements.clear(),
            Storage::Records(records) => records.clear(),
        }
    }
}

/// # Safety
/// As rex_map_lookup.
pub(super) unsafe fn lookup(map: *const rex_map_def, key: *const u8) -> Option<usize> {
    // SAFETY: a live map of such keys.
    let (def, key) = unsafe { (&*map, slice::from_raw_parts(key, (*map).key_size as usize)) };
    match storage().get(&(map as usize))? {
        Storage::Hash(elements) if def.type_ == ffi::bpf_map_type_BPF_MAP_TYPE_LPM_TRIE => {
            longest(elements, key)
        }
        Storage::Hash(elements) => elements.get(key).copied(),
        // Arrays are inlined, the others have no keys.
        _ => None,
    }
}

/// Of the prefixes in `elements`, the longest that `key` begins with.
fn longest(elements: &HashMap<Vec<u8>, usize>, key: &[u8]) -> Option<usize> {
    let split = |key: &[u8]| {
        let (len, address) = key.split_first_chunk::<4>().expect("a prefix");
        (u32::from_ne_bytes(*len) as usize, address.to_vec())
    };
    let bit = |address: &[u8], i: usize| address[i / 8] & (0x80 >> (i % 8)) != 0;
    let (bits, address) = split(key);
    let matching = elements.iter().filter_map(|(prefix, value)| {
        let (len, prefix) = split(prefix);
        let same = len <= bits && (0..len).all(|i| bit(&prefix, i) == bit(&address, i));
        same.then_some((len, *value))
    });
    matching.max_by_key(|(len, _)| *len).map(|(_, value)| value)
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

/// # Safety
/// As rex_map_push.
pub(super) unsafe fn push(
    map: *const rex_map_def,
    value: *const u8,
    flags: u64,
) -> Result<(), u32> {
    // SAFETY: a live map of such values.
    let (def, value) = unsafe { (&*map, slice::from_raw_parts(value, (*map).value_size as usize)) };
    let mut storage = storage();
    let Some(Storage::Queue(elements)) = storage.get_mut(&(map as usize)) else {
        return Err(ffi::EINVAL);
    };
    if elements.len() >= def.max_entries as usize {
        if flags != u64::from(ffi::BPF_EXIST) {
            return Err(ffi::E2BIG);
        }
        elements.pop_front();
    }
    elements.push_back(value.to_vec());
    Ok(())
}

/// # Safety
/// As rex_map_pop and rex_map_peek.
pub(super) unsafe fn pop(map: *const rex_map_def, to: *mut u8, keep: bool) -> Result<(), u32> {
    let mut storage = storage();
    let Some(Storage::Queue(elements)) = storage.get_mut(&(map as usize)) else {
        return Err(ffi::EINVAL);
    };
    // SAFETY: a live map.
    let value = match unsafe { (*map).type_ } {
        ffi::bpf_map_type_BPF_MAP_TYPE_STACK => elements.pop_back().inspect(|value| {
            if keep {
                elements.push_back(value.clone());
            }
        }),
        _ => elements.pop_front().inspect(|value| {
            if keep {
                elements.push_front(value.clone());
            }
        }),
    };
    let value = value.ok_or(ffi::ENOENT)?;
    // SAFETY: a live map of such values.
    unsafe { to.copy_from(value.as_ptr(), value.len()) };
    Ok(())
}

/// # Safety
/// As rex_ringbuf_output.
pub(super) unsafe fn output(map: *const rex_map_def, from: *const u8, len: u64) -> Result<(), u32> {
    // SAFETY: the caller's promise.
    let record = unsafe { slice::from_raw_parts(from, len as usize) }.to_vec();
    match storage().get_mut(&(map as usize)) {
        Some(Storage::Records(records)) => records.push(record),
        _ => return Err(ffi::EINVAL),
    }
    Ok(())
}

/// What was written to a ring buffer or perf event array.
pub(super) fn records(map: *const rex_map_def) -> Vec<Vec<u8>> {
    match storage().get(&(map as usize)) {
        Some(Storage::Records(records)) => records.clone(),
        _ => panic!("the map takes no records"),
    }
}

/// Sets an element as user space does.
pub(super) fn fill(map: *const rex_map_def, key: &[u8], value: &[u8]) {
    // SAFETY: a live map of such keys and values.
    unsafe {
        let sizes = ((*map).key_size as usize, (*map).value_size as usize);
        assert_eq!((key.len(), value.len()), sizes, "bytes of key and value");
        if let Some(Storage::Array(words)) = storage().get_mut(&(map as usize)) {
            let index = u32::from_ne_bytes(key.try_into().expect("an index")) as usize;
            let stride = (*map).stride as usize / 8;
            let at = words[index * stride..][..stride].as_mut_ptr().cast::<u8>();
            return at.copy_from(value.as_ptr(), value.len());
        }
        update(map, key.as_ptr(), value.as_ptr(), 0).expect("room in the map");
    }
}
