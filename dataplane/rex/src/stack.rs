// SPDX-License-Identifier: GPL-2.0-only
//! Call chains: by which calls the traced code was reached. Methods of
//! [`TracingContext`](crate::TracingContext).
//!
//! ```
//! use rex::prelude::*;
//! use rex::stack::Chain;
//!
//! #[rex_perf_event]
//! pub fn sample(ctx: &mut PerfEvent<'_>) -> rex::Result {
//!     let mut chain = [0; 16];
//!     if let Ok([innermost, ..]) = ctx.get_stack(&mut chain, Chain::KERNEL) {
//!         trace_printk!("{innermost:#x}");
//!     }
//!     Ok(0)
//! }
//! ```

use crate::ffi;

/// Which call chain, and from where on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain(u64);

impl Chain {
    /// Of the kernel. There is none where user code was interrupted (EFAULT).
    pub const KERNEL: Self = Self(0);
    /// Of the current process in user mode, by frame pointers: most distributions' programs are
    /// built without, and then it is not to be trusted beyond the first address. EFAULT in kernel
    /// threads.
    pub const USER: Self = Self(ffi::BPF_F_USER_STACK as u64);

    /// Leaves out the innermost `frames`.
    #[must_use]
    pub const fn skip(self, frames: u8) -> Self {
        Self(self.0 & !(ffi::BPF_F_SKIP_FIELD_MASK as u64) | frames as u64)
    }

    /// For `get_stackid`: an older chain that happens to have the same hash is forgotten, instead
    /// of keeping the new one out (EEXIST).
    #[must_use]
    pub const fn reuse(self) -> Self {
        Self(self.0 | ffi::BPF_F_REUSE_STACKID as u64)
    }

    /// For `get_stackid`: chains are taken for the same when their hashes are, without a look at
    /// the addresses.
    #[must_use]
    pub const fn compare_hashes(self) -> Self {
        Self(self.0 | ffi::BPF_F_FAST_STACK_CMP as u64)
    }

    #[inline(always)]
    pub(crate) fn flags(self) -> u64 {
        self.0
    }
}
