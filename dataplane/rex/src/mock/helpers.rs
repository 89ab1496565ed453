// SPDX-License-Identifier: GPL-2.0-only
//! The functions of rex_prog.h. The compiler checks neither names nor types against the header;
//! the tests do, by linking.
#![allow(clippy::missing_safety_doc)]

use super::{maps, ringbuf, tasks, tracing};
use crate::ffi::{self, rex_map_def, task_struct};
use core::ffi::{c_char, c_long, c_void};
use std::cell::RefCell;
use std::slice;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// As Debian's kernels have it: 250 Hz.
const TICK_NS: u64 = 4_000_000;

static NOW: AtomicU64 = AtomicU64::new(0);
static RANDOM: AtomicU32 = AtomicU32::new(1);
static TRACE: Mutex<Vec<String>> = Mutex::new(Vec::new());
static LOG: Mutex<Vec<(u32, String)>> = Mutex::new(Vec::new());

thread_local! {
    /// The words of held locks.
    static HELD: RefCell<Vec<*mut u32>> = const { RefCell::new(Vec::new()) };
}

pub(super) fn reset() {
    NOW.store(0, Relaxed);
    RANDOM.store(1, Relaxed);
    LOG.lock().unwrap_or_else(PoisonError::into_inner).clear();
    TRACE.lock().unwrap_or_else(PoisonError::into_inner).clear();
}

pub(super) fn set_time_ns(now: u64) {
    NOW.store(now, Relaxed);
}

pub(super) fn log() -> Vec<(u32, String)> {
    LOG.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

pub(super) fn trace() -> Vec<String> {
    TRACE.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

pub(super) fn locks_held() -> usize {
    HELD.with_borrow(Vec::len)
}

pub(super) fn release_locks() {
    for word in HELD.take() {
        // SAFETY: the word of a static lock, held by this thread.
        unsafe { *word = 0 };
    }
}

pub(super) fn negative(error: u32) -> c_long {
    -c_long::from(error)
}

pub(super) fn status(result: Option<()>) -> c_long {
    result.map_or(negative(ffi::EINVAL), |()| 0)
}

fn result(result: Result<(), u32>) -> c_long {
    result.map_or_else(negative, |()| 0)
}

/// # Safety
/// `to` points to `len` writable bytes.
unsafe fn buffer<'a>(to: *mut c_void, len: u32) -> &'a mut [u8] {
    if len == 0 {
        return &mut [];
    }
    // SAFETY: the caller's promise. They may be uninitialised, which no value of u8 is; write them first.
    unsafe {
        to.cast::<u8>().write_bytes(0, len as usize);
        slice::from_raw_parts_mut(to.cast(), len as usize)
    }
}

fn length(result: Result<usize, u32>) -> c_long {
    result.map_or_else(negative, |len| len as c_long)
}

/// Defines functions under their C names. Each is as safe as the header says.
macro_rules! helpers {
    ($(fn $name:ident($($arg:ident: $type:ty),*) $(-> $ret:ty)? $body:block)*) => {
        $(
            // SAFETY: the name is the ABI's; nothing else in a test defines it.
            #[unsafe(no_mangle)]
            unsafe extern "C" fn $name($($arg: $type),*) $(-> $ret)? {
                // SAFETY: the caller keeps the promises of rex_prog.h.
                #[allow(unused_unsafe)]
                unsafe { $body }
            }
        )*
    };
}

pub(super) use helpers;

helpers! {
    fn rex_map_lookup(map: *const rex_map_def, key: *const c_void) -> *mut c_void {
        maps::lookup(map, key.cast()).map_or(std::ptr::null_mut(), |at| at as *mut c_void)
    }
    fn rex_hash_lookup(map: *const rex_map_def, key: *const c_void) -> *mut c_void {
        // stride is 0: the element is the value
        rex_map_lookup(map, key)
    }
    fn rex_map_update(map: *const rex_map_def, key: *const c_void, value: *const c_void, flags: u64) -> c_long {
        result(maps::update(map, key.cast(), value.cast(), flags))
    }
    fn rex_map_delete(map: *const rex_map_def, key: *const c_void) -> c_long {
        result(maps::delete(map, key.cast()))
    }

    fn rex_map_push(map: *const rex_map_def, value: *const c_void, flags: u64) -> c_long {
        result(maps::push(map, value.cast(), flags))
    }
    fn rex_map_pop(map: *const rex_map_def, value: *mut c_void) -> c_long {
        result(maps::pop(map, value.cast(), false))
    }
    fn rex_map_peek(map: *const rex_map_def, value: *mut c_void) -> c_long {
        result(maps::pop(map, value.cast(), true))
    }
    fn rex_ringbuf_reserve(map: *const rex_map_def, size: u64) -> *mut c_void {
        ringbuf::reserve(map, size).cast()
    }
    fn rex_ringbuf_submit(record: *mut c_void, _flags: u64) -> c_long {
        ringbuf::finish(record.cast(), true).map_or(negative(ffi::EPERM), |()| 0)
    }
    fn rex_ringbuf_discard(record: *mut c_void, _flags: u64) -> c_long {
        ringbuf::finish(record.cast(), false).map_or(negative(ffi::EPERM), |()| 0)
    }
    fn rex_ringbuf_output(map: *const rex_map_def, data: *const c_void, size: u64, _flags: u64) -> c_long {
        result(maps::output(map, data.cast(), size))
    }
    fn rex_ringbuf_query(map: *const rex_map_def, what: u64) -> u64 {
        match what as u32 {
            ffi::BPF_RB_RING_SIZE => u64::from((*map).max_entries),
            _ => 0,
        }
    }
    fn rex_perf_event_output(_ctx: *mut c_void, map: *const rex_map_def, _flags: u64, data: *const c_void, size: u64) -> c_long {
        result(maps::output(map, data.cast(), size))
    }
    fn rex_redirect_map(map: *const rex_map_def, key: u64, flags: u64) -> c_long {
        let key = (key as u32).to_ne_bytes();
        let found = maps::lookup(map, key.as_ptr()).is_some()
            || flags & u64::from(ffi::BPF_F_BROADCAST) != 0;
        if found { c_long::from(ffi::xdp_action_XDP_REDIRECT) } else { flags as c_long & 3 }
    }

    fn rex_spin_lock(lock: *mut u32) -> c_long {
        HELD.with_borrow_mut(|held| {
            if held.contains(&lock) {
                return negative(ffi::EDEADLK);
            }
            if held.len() >= ffi::REX_MAX_RESOURCES as usize {
                return negative(ffi::ENOSPC);
            }
            let word = AtomicU32::from_ptr(lock);
            while word.compare_exchange(0, 1, std::sync::atomic::Ordering::Acquire, Relaxed).is_err() {
                std::thread::yield_now();
            }
            held.push(lock);
            0
        })
    }
    fn rex_spin_trylock(lock: *mut u32) -> c_long {
        if !HELD.with_borrow(|held| held.contains(&lock)) && *lock != 0 {
            return negative(ffi::EBUSY);
        }
        rex_spin_lock(lock)
    }
    fn rex_spin_unlock(lock: *mut u32) -> c_long {
        HELD.with_borrow_mut(|held| match held.iter().position(|word| *word == lock) {
            Some(i) => {
                held.swap_remove(i);
                AtomicU32::from_ptr(lock).store(0, std::sync::atomic::Ordering::Release);
                0
            }
            None => negative(ffi::EPERM),
        })
    }

    fn rex_ktime_ns() -> u64 { NOW.load(Relaxed) }
    fn rex_ktime_boot_ns() -> u64 { NOW.load(Relaxed) }
    fn rex_ktime_tai_ns() -> u64 { NOW.load(Relaxed) }
    fn rex_ktime_coarse_ns() -> u64 { NOW.load(Relaxed) / TICK_NS * TICK_NS }
    fn rex_jiffies64() -> u64 { NOW.load(Relaxed) / TICK_NS }
    fn rex_cpu() -> u32 { 0 }
    fn rex_numa_node() -> u32 { 0 }
    fn rex_random() -> u32 {
        // xorshift32
        let mut x = RANDOM.load(Relaxed);
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        RANDOM.store(x, Relaxed);
        x
    }
    fn rex_printk(level: u32, text: *const c_char, len: u64) {
        let text = slice::from_raw_parts(text.cast::<u8>(), len as usize);
        let text = String::from_utf8_lossy(text).into_owned();
        LOG.lock().unwrap_or_else(PoisonError::into_inner).push((level, text));
    }

    fn rex_trace_printk(text: *const c_char, len: u64) -> c_long {
        let text = slice::from_raw_parts(text.cast::<u8>(), len as usize);
        let text = String::from_utf8_lossy(text).into_owned();
        TRACE.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        0
    }

    fn rex_task_current() -> *mut task_struct { tasks::current() }
    fn rex_task_find(pid: i32) -> *mut task_struct { tasks::find(pid) }
    fn rex_task_pid(task: *const task_struct) -> i32 { tasks::of(task).pid }
    fn rex_task_tgid(task: *const task_struct) -> i32 { tasks::of(task).tgid }
    fn rex_task_uid_gid(task: *const task_struct) -> u64 {
        u64::from(tasks::of(task).gid) << 32 | u64::from(tasks::of(task).uid)
    }
    fn rex_task_comm(task: *const task_struct, comm: *mut c_char) {
        comm.cast::<crate::task::Comm>().write(tasks::of(task).comm)
    }
    fn rex_task_cgroup_id(task: *const task_struct) -> u64 { tasks::of(task).cgroup_id }
    fn rex_task_utime(task: *const task_struct) -> u64 { tasks::of(task).utime_ns }
    fn rex_task_user_regs(task: *const task_struct, to: *mut ffi::pt_regs) -> c_long {
        match tasks::of(task).user_regs {
            Some(regs) => { to.copy_from(regs.raw(), 1); 0 }
            None => negative(ffi::ENOENT),
        }
    }
    fn rex_get_stackid(_map: *const rex_map_def, flags: u64) -> c_long {
        length(tasks::stackid(flags))
    }
    fn rex_get_stack(to: *mut c_void, size: u32, flags: u64) -> c_long {
        length(tasks::stack(buffer(to, size), flags))
    }
    fn rex_send_signal(signal: u32, process: u32) -> c_long {
        tasks::send(signal, process != 0);
        0
    }

    fn rex_probe_read_kernel(to: *mut c_void, len: u32, from: u64) -> c_long {
        result(tasks::read(buffer(to, len), from))
    }
    fn rex_probe_read_user(to: *mut c_void, len: u32, from: u64) -> c_long {
        result(tasks::read(buffer(to, len), from))
    }
    fn rex_probe_read_kernel_str(to: *mut c_void, len: u32, from: u64) -> c_long {
        length(tasks::read_str(buffer(to, len), from))
    }
    fn rex_probe_read_user_str(to: *mut c_void, len: u32, from: u64) -> c_long {
        length(tasks::read_str(buffer(to, len), from))
    }

    fn rex_override_return(ctx: *mut ffi::pt_regs, rc: u64) -> c_long {
        status(tracing::override_return(ctx, rc))
    }
    fn rex_perf_regs(ctx: *const c_void) -> *const ffi::pt_regs { tracing::sample(ctx).regs.raw() }
    fn rex_perf_sample_period(ctx: *const c_void) -> u64 { tracing::sample(ctx).period }
    fn rex_perf_addr(ctx: *const c_void) -> u64 { tracing::sample(ctx).addr }
    fn rex_perf_read_value(ctx: *mut c_void, to: *mut ffi::bpf_perf_event_value) -> c_long {
        match tracing::sample(ctx).value {
            Some(value) => {
                *to = ffi::bpf_perf_event_value {
                    counter: value.counter,
                    enabled: value.enabled_ns,
                    running: value.running_ns,
                };
                0
            }
            None => negative(ffi::EINVAL),
        }
    }
}
