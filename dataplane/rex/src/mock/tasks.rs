// SPDX-License-Identifier: GPL-2.0-only
use crate::ffi::{self, task_struct};
use crate::task::Comm;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A thread that programs find; see [`Session::set_current`](super::Session::set_current).
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Task {
    pub pid: i32,
    pub tgid: i32,
    pub uid: u32,
    pub gid: u32,
    pub comm: Comm,
    pub cgroup_id: u64,
    pub utime_ns: u64,
}

impl Task {
    const FIRST: Self = Self {
        pid: 1000,
        tgid: 1000,
        uid: 0,
        gid: 0,
        comm: Comm::new("mock"),
        cgroup_id: 1,
        utime_ns: 0,
    };
}

impl Default for Task {
    fn default() -> Self {
        Self::FIRST
    }
}

static FIRST: Task = Task::FIRST;

struct State {
    current: &'static Task,
    /// Found by number. They are never freed: a program may keep what it found.
    others: Vec<&'static Task>,
    /// What [`crate::probe`] reads, kernel and user alike, by the address of its first byte.
    memory: BTreeMap<u64, Vec<u8>>,
    signals: Vec<(u32, bool)>,
}

static STATE: Mutex<State> = Mutex::new(State {
    current: &FIRST,
    others: Vec::new(),
    memory: BTreeMap::new(),
    signals: Vec::new(),
});

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn reset() {
    let mut state = state();
    state.current = &FIRST;
    state.others.clear();
    state.memory.clear();
    state.signals.clear();
}

pub(super) fn set_current(task: Task) {
    state().current = Box::leak(Box::new(task));
}

pub(super) fn add(task: Task) {
    state().others.push(Box::leak(Box::new(task)));
}

pub(super) fn map_memory(address: u64, bytes: &[u8]) {
    state().memory.insert(address, bytes.to_vec());
}

pub(super) fn signals() -> Vec<(u32, bool)> {
    state().signals.clone()
}

fn pointer(task: &'static Task) -> *mut task_struct {
    std::ptr::from_ref(task).cast_mut().cast()
}

pub(super) fn current() -> *mut task_struct {
    pointer(state().current)
}

pub(super) fn find(pid: i32) -> *mut task_struct {
    let state = state();
    let mut all = std::iter::once(state.current).chain(state.others.iter().copied());
    all.find(|task| task.pid == pid).map_or(std::ptr::null_mut(), pointer)
}

/// # Safety
/// `task` comes from [`current`] or [`find`].
pub(super) unsafe fn of(task: *const task_struct) -> &'static Task {
    // SAFETY: the caller's promise; tasks are never freed.
    unsafe { &*task.cast() }
}

/// Fills `to`, with zeroes when not all of it is there.
pub(super) fn read(to: &mut [u8], from: u64) -> Result<(), u32> {
    to.fill(0);
    let state = state();
    let bytes = state.memory.range(..=from).next_back().and_then(|(start, bytes)| {
        let start = usize::try_from(from - start).ok()?;
        bytes.get(start..start.checked_add(to.len())?)
    });
    to.copy_from_slice(bytes.ok_or(ffi::EFAULT)?);
    Ok(())
}

/// The same up to a NUL; gives the length with it.
pub(super) fn read_str(to: &mut [u8], from: u64) -> Result<usize, u32> {
    to.fill(0);
    let room = to.len().checked_sub(1).ok_or(ffi::EINVAL)?;
    for i in 0..room {
        if let Err(error) = read(&mut to[i..=i], from + i as u64) {
            to.fill(0);
            return Err(error);
        }
        if to[i] == 0 {
            return Ok(i + 1);
        }
    }
    Ok(room + 1)
}

pub(super) fn send(signal: u32, process: bool) {
    state().signals.push((signal, process));
}
