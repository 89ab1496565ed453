// SPDX-License-Identifier: GPL-2.0-only
//! Control groups: programs that see the IP packets which the sockets of a cgroup get and send.
//!
//! ```
//! use rex::prelude::*;
//!
//! /// No IPv4 multicast.
//! #[rex_cgroup_skb]
//! pub fn no_multicast(ctx: &mut CgroupSkb<'_>) -> CgroupVerdict {
//!     match ctx.data() {
//!         [0x40..=0x4f, .., _] if ctx.data().get(16).is_some_and(|b| b >> 4 == 0xe) => CgroupVerdict::Drop,
//!         _ => CgroupVerdict::Allow,
//!     }
//! }
//! # let session = rex::mock::Session::new();
//! # let mut packet = rex::mock::Packet::new(&[0x45; 20]);
//! # assert_eq!(session.run_cgroup_skb(no_multicast, &mut packet), Ok(CgroupVerdict::Allow));
//! # let mut packet = rex::mock::Packet::new(&[[0x45; 16].as_slice(), &[224, 0, 0, 1]].concat());
//! # assert_eq!(session.run_cgroup_skb(no_multicast, &mut packet), Ok(CgroupVerdict::Drop));
//! ```

use crate::skb::skb_methods;
use crate::{Errno, Result, Scope, ffi};
use core::marker::PhantomData;
use core::ptr::NonNull;

/// What becomes of the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum CgroupVerdict {
    /// Dropped; who sends gets EPERM.
    Drop = 0,
    /// Goes on.
    Allow = 1,
}

/// A packet (socket buffer) of a socket in the cgroup. It begins with the IP header.
///
/// # Invariants
/// `raw` points to the context of a cgroup_skb invocation that lives for `'a`, used only through
/// this value; its `data..data_end` is the linear part of the packet, which nobody writes.
pub struct CgroupSkb<'a> {
    pub(crate) raw: NonNull<ffi::rex_ctx>,
    _invocation: PhantomData<&'a mut ffi::rex_ctx>,
}

skb_methods! { CgroupSkb: }

impl<'a> CgroupSkb<'a> {
    /// # Safety
    /// As the type's invariants say.
    #[inline(always)]
    pub(crate) unsafe fn from_raw(ctx: *mut ffi::rex_ctx) -> Self {
        // SAFETY: the caller passes a live context.
        Self { raw: unsafe { NonNull::new_unchecked(ctx) }, _invocation: PhantomData }
    }
}
