// SPDX-License-Identifier: GPL-2.0-only
//! Probes: programs that run where a kernel or user function begins or returns, or at an
//! instruction in between (kprobe, kretprobe, uprobe, uretprobe).
//!
//! ```
//! use rex::kprobe::kprobe;
//! use rex::map::RexHashMap;
//! use rex::pt_regs::PtRegs;
//! use rex::{Result, rex_kprobe, rex_map};
//!
//! /// Makes the system calls of one thread fail, when attached to `__x64_sys_*`.
//! #[rex_map]
//! static pid_to_errno: RexHashMap<i32, u64> = RexHashMap::new(1, 0);
//!
//! #[rex_kprobe]
//! pub fn inject(obj: &kprobe, ctx: &mut PtRegs) -> Result {
//!     let pid = obj.bpf_get_current_task().map(|task| task.get_pid()).ok_or(0)?;
//!     let errno = obj.bpf_map_lookup_elem(&pid_to_errno, &pid).cloned().ok_or(0)?;
//!     Ok(obj.bpf_override_return(ctx, errno))
//! }
//! # let session = rex::mock::Session::new();
//! # let mut regs = rex::mock::Regs::new();
//! # assert_eq!(session.run_kprobe(inject, &mut regs), Ok(0));
//! # assert_eq!(regs.overridden(), None);
//! # pid_to_errno.set(&rex::task::current().get_pid(), -5i64 as u64).unwrap();
//! # assert_eq!(session.run_kprobe(inject, &mut regs), Ok(0));
//! # assert_eq!(regs.overridden(), Some(-5i64 as u64));
//! ```
//!
//! The program's result is its verdict, be it `Ok` or `Err`. The kernel looks at it only where the
//! probe also feeds a perf event: 0 means that no sample is written.

use crate::context::{TracingContext, sealed::Sealed};
use crate::map::{Found, Lookup};
use crate::pt_regs::PtRegs;
use crate::task::{self, Task};
use crate::{Errno, Result, Scope, ffi};
use core::ffi::c_void;
use core::marker::PhantomData;

/// A hit of a probe; the registers come along with it as [`PtRegs`].
///
/// # Invariants
/// Belongs to an invocation at a kprobe hook that lives for `'a`; `raw` is its context.
pub struct Kprobe<'a> {
    raw: *mut c_void,
    _invocation: PhantomData<Scope<'a>>,
}

/// The name by which the first programs call [`Kprobe`].
#[allow(non_camel_case_types)]
pub type kprobe<'a> = Kprobe<'a>;

impl<'a> Kprobe<'a> {
    /// # Safety
    /// As the type's invariants say.
    #[inline(always)]
    pub(crate) unsafe fn from_raw(raw: *mut ffi::pt_regs) -> Self {
        Self { raw: raw.cast(), _invocation: PhantomData }
    }

    /// This invocation, for borrows from hash maps.
    #[inline(always)]
    pub fn scope(&self) -> Scope<'a> {
        // SAFETY: `'a` ends with the invocation.
        unsafe { Scope::new() }
    }

    /// Skips the system call that is about to begin: it returns `rc`, usually a negative errno.
    /// Only in a kprobe on a function that carries out a system call, `__x64_sys_*`, at its very
    /// beginning; EINVAL anywhere else.
    #[inline(always)]
    pub fn override_return(&self, ctx: &mut PtRegs, rc: u64) -> Result<(), Errno> {
        // SAFETY: live registers; rex.ko refuses any but those of this invocation.
        Errno::check(unsafe { ffi::rex_override_return(ctx.as_raw_mut(), rc) })
    }

    /// [`task::current`]; never `None`.
    #[inline(always)]
    pub fn bpf_get_current_task(&self) -> Option<Task> {
        Some(task::current())
    }

    /// [`Lookup::find`]: the place of the value of `key`, if there is one. It is good for this
    /// invocation and is no reference: see [`Found`].
    #[inline(always)]
    pub fn bpf_map_lookup_elem<M: Lookup>(&self, map: &M, key: &M::Key) -> Found<'a, M::Value> {
        map.find(self.scope(), key)
    }

    /// [`override_return`](Self::override_return): 0, or a negative errno.
    #[inline(always)]
    pub fn bpf_override_return(&self, ctx: &mut PtRegs, rc: u64) -> i32 {
        self.override_return(ctx, rc).map_or_else(|errno| -errno.get(), |()| 0)
    }
}

impl Sealed for Kprobe<'_> {}

impl TracingContext for Kprobe<'_> {
    #[inline(always)]
    fn raw(&self) -> *mut c_void {
        self.raw
    }
}
