// SPDX-License-Identifier: GPL-2.0-only
use super::Regs;
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
    /// None: a kernel thread.
    pub user_regs: Option<Regs>,
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
        user_regs: None,
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
    stack: Vec<u64>,
    /// By their numbers.
    chains: Vec<Vec<u64>>,
}

static STATE: Mutex<State> = Mutex::new(State {
    current: &FIRST,
    others: Vec::new(),
    memory: BTreeMap::new(),
    signals: Vec::new(),
    stack: Vec::new(),
    chains: Vec::new(),
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
    state.stack.clear();
    state.chains.clear();
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

pub(super) fn set_stack(addresses: &[u64]) {
    state().stack = addresses.to_vec();
}

/// The chain of now, without as many frames as the flags say.
fn chain(state: &State, flags: u64) -> Result<Vec<u64>, u32> {
    let skip = (flags & u64::from(ffi::BPF_F_SKIP_FIELD_MASK)) as usize;
    state
        .stack
        .get(skip..)
        .filter(|chain| !chain.is_empty())
        .map(<[u64]>::to_vec)
        .ok_or(ffi::EFAULT)
}

/// One namespace for all maps.
pub(super) fn stackid(flags: u64) -> Result<usize, u32> {
    let mut state = state();
    let chain = chain(&state, flags)?;
    Ok(state.chains.iter().position(|known| *known == chain).unwrap_or_else(|| {
        state.chains.push(chain);
        state.chains.len() - 1
    }))
}

pub(super) fn stack(to: &mut [u8], flags: u64) -> Result<usize, u32> {
    let chain = chain(&state(), flags)?;
    let bytes: Vec<u8> = chain.iter().flat_map(|address| address.to_ne_bytes()).collect();
    let len = bytes.len().min(to.len());
    to[..len].copy_from_slice(&bytes[..len]);
    Ok(len)
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
