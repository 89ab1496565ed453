// SPDX-License-Identifier: GPL-2.0-only
//! XDP: programs that see a packet before the network stack does.

use crate::{Errno, Result, Scope, ffi};
use core::marker::PhantomData;
use core::ptr::NonNull;
use core::slice;

/// What becomes of the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum XdpVerdict {
    /// Dropped, and counted as an error (tracepoint `xdp:xdp_exception`).
    Aborted = ffi::xdp_action_XDP_ABORTED as i32,
    /// Dropped.
    Drop = ffi::xdp_action_XDP_DROP as i32,
    /// Goes on to the network stack.
    Pass = ffi::xdp_action_XDP_PASS as i32,
    /// Goes out of the interface it came in by.
    Tx = ffi::xdp_action_XDP_TX as i32,
}

/// A packet at the XDP hook.
///
/// Slices of the packet borrow from the context, and what may move the packet takes `&mut self`:
/// no slice can be stale.
///
/// ```
/// # use rex::prelude::*;
/// #[rex_xdp]
/// pub fn short(ctx: &mut Xdp<'_>) -> XdpVerdict {
///     if ctx.data().len() < 60 { XdpVerdict::Drop } else { XdpVerdict::Pass }
/// }
/// ```
///
/// # Invariants
/// `raw` points to the context of an XDP invocation that lives for `'a`, used only through this
/// value; its `data..data_end` is the linear part of the packet, which nobody else writes.
pub struct Xdp<'a> {
    raw: NonNull<ffi::rex_ctx>,
    _invocation: PhantomData<&'a mut ffi::rex_ctx>,
}

impl<'a> Xdp<'a> {
    /// # Safety
    /// As the type's invariants say.
    #[inline(always)]
    pub(crate) unsafe fn from_raw(ctx: *mut ffi::rex_ctx) -> Self {
        // SAFETY: the caller passes a live context.
        Self { raw: unsafe { NonNull::new_unchecked(ctx) }, _invocation: PhantomData }
    }

    /// The linear part of the packet, from the Ethernet header on. All of it, unless
    /// [`has_frags`](Self::has_frags).
    #[inline(always)]
    pub fn data(&self) -> &[u8] {
        // SAFETY: type invariant; the slice keeps `self` borrowed, so that the packet cannot move.
        unsafe {
            let ctx = self.raw.as_ref();
            slice::from_raw_parts(ctx.data as *const u8, (ctx.data_end - ctx.data) as usize)
        }
    }

    /// [`data`](Self::data), to be written.
    #[inline(always)]
    pub fn data_mut(&mut self) -> &mut [u8] {
        // SAFETY: type invariant; `&mut self` makes this the only slice.
        unsafe {
            let ctx = self.raw.as_ref();
            slice::from_raw_parts_mut(ctx.data as *mut u8, (ctx.data_end - ctx.data) as usize)
        }
    }

    /// Moves the front of the packet: positive `delta` removes bytes, negative adds some, whose
    /// content is undefined but initialised. On an error the packet is unchanged.
    #[inline(always)]
    pub fn adjust_head(&mut self, delta: i32) -> Result<(), Errno> {
        // SAFETY: type invariant; no slice is live.
        Errno::check(unsafe { ffi::rex_xdp_adjust_head(self.raw.as_ptr(), delta) })
    }

    /// Moves the end of the packet: positive `delta` adds zero bytes, negative removes some. On an
    /// error (no room) the packet is unchanged.
    #[inline(always)]
    pub fn adjust_tail(&mut self, delta: i32) -> Result<(), Errno> {
        // SAFETY: type invariant; no slice is live.
        Errno::check(unsafe { ffi::rex_xdp_adjust_tail(self.raw.as_ptr(), delta) })
    }

    /// Whether the packet goes on in fragments behind [`data`](Self::data).
    #[inline(always)]
    pub fn has_frags(&self) -> bool {
        // SAFETY: type invariant.
        unsafe { ffi::rex_xdp_frags(self.raw.as_ptr()) != 0 }
    }

    /// Index of the interface that the packet came in by.
    #[inline(always)]
    pub fn ifindex(&self) -> u32 {
        // SAFETY: type invariant.
        unsafe { ffi::rex_xdp_ifindex(self.raw.as_ptr()) }
    }

    /// Number of the receive queue.
    #[inline(always)]
    pub fn rx_queue(&self) -> u32 {
        // SAFETY: type invariant.
        unsafe { ffi::rex_xdp_rx_queue(self.raw.as_ptr()) }
    }

    /// This invocation, for borrows from hash maps.
    #[inline(always)]
    pub fn scope(&self) -> Scope<'a> {
        // SAFETY: `'a` ends with the invocation.
        unsafe { Scope::new() }
    }
}
