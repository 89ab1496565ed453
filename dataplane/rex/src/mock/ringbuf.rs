// SPDX-License-Identifier: GPL-2.0-only
//! Records of ring buffers that are reserved.

use super::maps;
use crate::ffi::rex_map_def;
use std::cell::RefCell;

/// A record: 8-byte words, as the kernel aligns them.
struct Reserved {
    map: *const rex_map_def,
    words: Box<[u64]>,
    len: u64,
}

thread_local! {
    static RESERVED: RefCell<Vec<Reserved>> = const { RefCell::new(Vec::new()) };
}

/// What the kernel leaves in a new record: anything.
const DIRT: u64 = 0xdead_beef_dead_beef;

/// # Safety
/// As rex_ringbuf_reserve.
pub(super) unsafe fn reserve(map: *const rex_map_def, len: u64) -> *mut u8 {
    // SAFETY: a live map.
    if len > u64::from(unsafe { (*map).max_entries }) - 8 {
        return std::ptr::null_mut();
    }
    RESERVED.with_borrow_mut(|reserved| {
        let mut words = vec![DIRT; len.div_ceil(8) as usize].into_boxed_slice();
        let at = words.as_mut_ptr().cast();
        reserved.push(Reserved { map, words, len });
        at
    })
}

fn take(record: *const u8) -> Option<Reserved> {
    RESERVED.with_borrow_mut(|reserved| {
        let i = reserved.iter().position(|r| r.words.as_ptr().cast() == record)?;
        Some(reserved.swap_remove(i))
    })
}

/// Ends a record. `None`: it is not held.
pub(super) fn finish(record: *const u8, submit: bool) -> Option<()> {
    let record = take(record)?;
    if submit {
        // SAFETY: the words are as many bytes at least.
        unsafe { maps::output(record.map, record.words.as_ptr().cast(), record.len) }.ok()?;
    }
    Some(())
}

/// Bytes of records that are neither submitted nor discarded.
pub(super) fn held() -> usize {
    RESERVED.with_borrow(Vec::len)
}

pub(super) fn release() {
    RESERVED.take();
}
