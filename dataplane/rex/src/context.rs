// SPDX-License-Identifier: GPL-2.0-only
//! What the contexts of the tracing hooks have in common.

use crate::map::RexStackTrace;
use crate::stack::Chain;
use crate::{Errno, ffi};
use core::ffi::c_void;

/// Implemented beside each context.
pub(crate) mod sealed {
    pub trait Sealed {}
}

/// The contexts from which stack traces and samples can be taken.
pub trait TracingContext: sealed::Sealed {
    /// What helpers take as their context.
    #[doc(hidden)]
    fn raw(&self) -> *mut c_void;

    /// Puts a call chain in `map`, if it is not there yet, and gives its number there. To count or
    /// time call chains, use the number as a key; user space finds the addresses in `map`.
    ///
    /// EFAULT: there is no such chain; EEXIST: another one has its place; EBUSY: the program that
    /// this one interrupted is at it; ENOMEM: the map is full.
    #[inline(always)]
    fn get_stackid<const DEPTH: usize>(
        &self,
        map: &RexStackTrace<DEPTH>,
        chain: Chain,
    ) -> Result<u32, Errno> {
        // SAFETY: a live map, in a hook that has call chains.
        let id = unsafe { ffi::rex_get_stackid(map.def()?, chain.flags()) };
        Errno::check(id).map(|()| id as u32)
    }

    /// Fills `to` with the return addresses of a call chain, innermost first, and gives as many as
    /// there are. Errors are those of [`get_stackid`](Self::get_stackid).
    #[inline(always)]
    fn get_stack<'b>(&self, to: &'b mut [u64], chain: Chain) -> Result<&'b [u64], Errno> {
        // More than any chain has.
        let size = size_of_val(to).min(1 << 16) as u32;
        // SAFETY: `to` has that many bytes, and this is a hook that has call chains.
        let len = unsafe { ffi::rex_get_stack(to.as_mut_ptr().cast(), size, chain.flags()) };
        Errno::check(len)?;
        Ok(to.get(..len as usize / size_of::<u64>()).unwrap_or_default())
    }
}
