// SPDX-License-Identifier: GPL-2.0-only
//! The registers of interrupted code.
//!
//! ```
//! use rex::prelude::*;
//!
//! /// At the entry of a kernel function: what is its first argument?
//! #[rex_kprobe]
//! pub fn first(_obj: &Kprobe, ctx: &mut PtRegs) -> rex::Result {
//!     printk!("{:#x} called with {:#x}", ctx.ip(), ctx.arg(0).unwrap_or(0));
//!     Ok(0)
//! }
//! # let session = rex::mock::Session::new();
//! # let mut regs = rex::mock::Regs::new().with_ip(0x1001).with_arg(0, 0x2a);
//! # assert_eq!(session.run_kprobe(first, &mut regs), Ok(0));
//! # assert_eq!(session.log()[0].1, "0x1001 called with 0x2a");
//! ```

use crate::ffi;
use core::marker::PhantomPinned;
use core::mem::{offset_of, size_of};
use core::ops::Deref;
use core::ptr;

const WORDS: usize = size_of::<ffi::pt_regs>() / size_of::<u64>();

/// The registers of a CPU, as the kernel stores them when something interrupts it: at a kprobe
/// those of the probed function, at a perf event those of what ran. Read-only.
///
/// It has no size known to the compiler, so that there is no value of it in a program: only the
/// kernel's own, behind a reference, which can be neither swapped nor overwritten. A copy is a
/// [`SavedRegs`].
///
/// # Invariants
/// There are `WORDS` words: a live `struct pt_regs`. Nobody writes to them during the borrow,
/// except rex.ko when it is asked to by way of this reference. rex.ko has pointers of its own to
/// them: `PhantomPinned` keeps the compiler from taking a `&mut` for the only way to get there.
#[repr(C)]
pub struct PtRegs {
    _shared: PhantomPinned,
    words: [u64],
}

macro_rules! registers {
    ($($(#[$doc:meta])* $name:ident = $field:ident)*) => {
        impl PtRegs {
            $(
                $(#[$doc])*
                #[inline(always)]
                pub fn $name(&self) -> u64 {
                    // SAFETY: type invariant; the field is in the struct.
                    unsafe {
                        *self.words.get_unchecked(offset_of!(ffi::pt_regs, $field) / size_of::<u64>())
                    }
                }
            )*
        }
    };
}

registers! {
    /// RAX: the result, when a function returns.
    ax = rax
    /// RBX.
    bx = rbx
    /// RCX.
    cx = rcx
    /// RDX.
    dx = rdx
    /// RSI.
    si = rsi
    /// RDI.
    di = rdi
    /// RBP.
    bp = rbp
    /// RSP: the stack pointer.
    sp = rsp
    /// R8.
    r8 = r8
    /// R9.
    r9 = r9
    /// R10.
    r10 = r10
    /// R11.
    r11 = r11
    /// R12.
    r12 = r12
    /// R13.
    r13 = r13
    /// R14.
    r14 = r14
    /// R15.
    r15 = r15
    /// RIP: what ran. At a kprobe it points one byte behind the probed instruction's first.
    ip = rip
    /// RFLAGS.
    flags = eflags
    /// RAX at the entry to the kernel: the number of the system call.
    orig_ax = orig_rax
}

impl PtRegs {
    /// The code segment selector.
    #[inline(always)]
    pub fn cs(&self) -> u16 {
        // SAFETY: type invariant. Newer CPUs have more in the word's upper bits.
        unsafe { *self.words.get_unchecked(offset_of!(ffi::pt_regs, cs) / size_of::<u64>()) as u16 }
    }

    /// The stack segment selector.
    #[inline(always)]
    pub fn ss(&self) -> u16 {
        // SAFETY: as above.
        unsafe { *self.words.get_unchecked(offset_of!(ffi::pt_regs, ss) / size_of::<u64>()) as u16 }
    }

    /// Whether user code ran, not the kernel.
    #[inline(always)]
    pub fn is_user(&self) -> bool {
        self.cs() & 3 == 3
    }

    /// Argument `n` of the function at whose entry these were taken, of the six that come in
    /// registers. Of a narrower type, only the lower bits have a meaning.
    #[inline(always)]
    pub fn arg(&self, n: usize) -> Option<u64> {
        match n {
            0 => Some(self.di()),
            1 => Some(self.si()),
            2 => Some(self.dx()),
            3 => Some(self.cx()),
            4 => Some(self.r8()),
            5 => Some(self.r9()),
            _ => None,
        }
    }

    /// What the function returned, at a kretprobe or uretprobe.
    #[inline(always)]
    pub fn return_value(&self) -> u64 {
        self.ax()
    }

    /// Argument `n` (0 to 5) of a system call, in the registers that a task entered the kernel
    /// with. (In a kprobe on `__x64_sys_*`, these are not its registers but
    /// `task::current().user_regs()`.)
    #[inline(always)]
    pub fn syscall_arg(&self, n: usize) -> Option<u64> {
        // The instruction destroys RCX.
        if n == 3 { Some(self.r10()) } else { self.arg(n) }
    }

    /// # Safety
    /// `regs` points to registers that live for `'a`, of which nobody writes any.
    #[inline(always)]
    pub(crate) unsafe fn from_raw<'a>(regs: *const ffi::pt_regs) -> &'a Self {
        // SAFETY: the caller's promise; the length is right.
        unsafe { &*(ptr::slice_from_raw_parts(regs.cast::<u64>(), WORDS) as *const Self) }
    }

    /// # Safety
    /// `regs` points to registers that live for `'a`; rex.ko writes them only when asked to by way
    /// of the result.
    #[inline(always)]
    pub(crate) unsafe fn from_raw_mut<'a>(regs: *mut ffi::pt_regs) -> &'a mut Self {
        // SAFETY: the caller's promise; the length is right.
        unsafe { &mut *(ptr::slice_from_raw_parts_mut(regs.cast::<u64>(), WORDS) as *mut Self) }
    }

    #[inline(always)]
    pub(crate) fn as_raw_mut(&mut self) -> *mut ffi::pt_regs {
        (&raw mut self.words).cast()
    }

    /// A copy, to keep.
    #[inline(always)]
    pub fn save(&self) -> SavedRegs {
        let mut saved = SavedRegs([0; WORDS]);
        for (to, from) in saved.0.iter_mut().zip(&self.words) {
            *to = *from;
        }
        saved
    }
}

/// A copy of registers: reads as [`PtRegs`].
#[derive(Clone, Copy)]
pub struct SavedRegs([u64; WORDS]);

impl SavedRegs {
    /// What `fill` writes, or nothing when it fails.
    pub(crate) fn fill<E>(
        fill: impl FnOnce(*mut ffi::pt_regs) -> core::result::Result<(), E>,
    ) -> core::result::Result<Self, E> {
        let mut saved = Self([0; WORDS]);
        fill(saved.0.as_mut_ptr().cast())?;
        Ok(saved)
    }
}

impl Deref for SavedRegs {
    type Target = PtRegs;

    #[inline(always)]
    fn deref(&self) -> &PtRegs {
        // SAFETY: our own words, borrowed as long as the result.
        unsafe { PtRegs::from_raw(self.0.as_ptr().cast()) }
    }
}
