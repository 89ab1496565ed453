// SPDX-License-Identifier: GPL-2.0-only
//! Trampolines: programs that run when a kernel function begins (fentry) or has returned (fexit).
//! They cost less than probes, need BTF for the function, and know the number of its arguments.
//!
//! ```
//! use rex::prelude::*;
//!
//! #[rex_map]
//! static FAILED: RexPerCpuArray<u64> = RexPerCpuArray::new(1, 0);
//!
//! /// Counts the calls that return an error.
//! #[rex_fexit]
//! pub fn failures(ctx: &Fexit<'_>) -> rex::Result {
//!     if (ctx.ret() as i64) < 0 {
//!         FAILED.add(0, 1);
//!     }
//!     Ok(0)
//! }
//! # let session = rex::mock::Session::new();
//! # assert_eq!(session.run_fexit(failures, &[1, 2], -2i64 as u64), Ok(0));
//! # assert_eq!(FAILED.get(0), Some(1));
//! ```
//!
//! Arguments are numbers here, pointers too: what is behind one is read with `rex::probe`. Nobody
//! looks at the program's result.

use crate::context::TracingContext;
use crate::{Scope, ffi};
use core::ffi::c_void;
use core::marker::PhantomData;

/// Contexts that are `struct rex_args`.
macro_rules! args_context {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// # Invariants
        /// Belongs to an invocation at this hook that lives for `'a`, as does `args`, which nobody
        /// writes.
        pub struct $name<'a> {
            args: &'a ffi::rex_args,
            _invocation: PhantomData<Scope<'a>>,
        }

        impl<'a> $name<'a> {
            /// # Safety
            /// As the type's invariants say.
            #[inline(always)]
            pub(crate) unsafe fn from_raw(args: *const ffi::rex_args) -> Self {
                // SAFETY: the caller's promise.
                Self { args: unsafe { &*args }, _invocation: PhantomData }
            }

            /// Argument `n`. Of a narrower type, only the lower bits have a meaning; a struct of 9
            /// to 16 bytes counts as two.
            #[inline(always)]
            pub fn arg(&self, n: usize) -> Option<u64> {
                self.args().get(n).copied()
            }

            /// All arguments, 12 at most.
            #[inline(always)]
            pub fn args(&self) -> &'a [u64] {
                let n = (self.args.n as usize).min(self.args.arg.len());
                &self.args.arg[..n]
            }

            /// This invocation, for borrows from hash maps.
            #[inline(always)]
            pub fn scope(&self) -> Scope<'a> {
                // SAFETY: `'a` ends with the invocation.
                unsafe { Scope::new() }
            }
        }

        impl $crate::context::sealed::Sealed for $name<'_> {}

        impl TracingContext for $name<'_> {
            #[inline(always)]
            fn raw(&self) -> *mut c_void {
                (&raw const *self.args).cast_mut().cast()
            }
        }
    };
}
pub(crate) use args_context;

args_context! {
    /// A call of a kernel function that begins.
    Fentry
}

args_context! {
    /// A call of a kernel function that is over.
    Fexit
}

impl Fexit<'_> {
    /// What the function returned; without a meaning if it returns nothing.
    #[inline(always)]
    pub fn ret(&self) -> u64 {
        self.args.ret
    }
}
