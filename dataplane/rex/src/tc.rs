// SPDX-License-Identifier: GPL-2.0-only
//! Traffic control: programs that see packets between an interface and the network stack, in
//! either direction.

use crate::{Errno, Result, Scope, ffi};
use core::marker::PhantomData;
use core::ptr::NonNull;
use core::slice;

/// What becomes of the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum TcVerdict {
    /// As the filter's configuration says.
    Unspec = ffi::TC_ACT_UNSPEC,
    /// Goes on; no further filter sees it.
    Ok = ffi::TC_ACT_OK as i32,
    /// Dropped.
    Shot = ffi::TC_ACT_SHOT as i32,
    /// Goes on to the next action.
    Pipe = ffi::TC_ACT_PIPE as i32,
    /// Taken by the program: no further handling, not counted as a drop.
    Stolen = ffi::TC_ACT_STOLEN as i32,
}

/// A packet (socket buffer) at a tc hook.
///
/// # Invariants
/// `raw` points to the context of a tc invocation that lives for `'a`, used only through this
/// value; its `data..data_end` is the linear part of the packet. Others may read that part (clones
/// share it), and nobody writes it while it is shared.
pub struct Tc<'a> {
    raw: NonNull<ffi::rex_ctx>,
    _invocation: PhantomData<&'a mut ffi::rex_ctx>,
}

impl<'a> Tc<'a> {
    /// # Safety
    /// As the type's invariants say.
    #[inline(always)]
    pub(crate) unsafe fn from_raw(ctx: *mut ffi::rex_ctx) -> Self {
        // SAFETY: the caller passes a live context.
        Self { raw: unsafe { NonNull::new_unchecked(ctx) }, _invocation: PhantomData }
    }

    /// The linear part of the packet, from the Ethernet header on. Often only the headers:
    /// compare with [`len`](Self::len), and use [`pull`](Self::pull) or [`load`](Self::load).
    #[inline(always)]
    pub fn data(&self) -> &[u8] {
        // SAFETY: type invariant; the slice keeps `self` borrowed, so that the packet cannot move.
        unsafe {
            let ctx = self.raw.as_ref();
            slice::from_raw_parts(ctx.data as *const u8, (ctx.data_end - ctx.data) as usize)
        }
    }

    /// [`data`](Self::data), to be written: first makes it private to this packet.
    #[inline(always)]
    pub fn data_mut(&mut self) -> Result<&mut [u8], Errno> {
        self.pull(0)?;
        // SAFETY: type invariant; the call above made the bytes private, `&mut self` makes this
        // the only slice.
        unsafe {
            let ctx = self.raw.as_ref();
            Ok(slice::from_raw_parts_mut(ctx.data as *mut u8, (ctx.data_end - ctx.data) as usize))
        }
    }

    /// Makes at least the first `len` bytes linear and private (0: what is linear now).
    #[inline(always)]
    pub fn pull(&mut self, len: u32) -> Result<(), Errno> {
        // SAFETY: type invariant; no slice is live.
        Errno::check(unsafe { ffi::rex_skb_writable(self.raw.as_ptr(), len) })
    }

    /// Copies `to.len()` bytes from `offset` on, linear or not, into `to`.
    #[inline(always)]
    pub fn load(&self, offset: u32, to: &mut [u8]) -> Result<(), Errno> {
        let len = u32::try_from(to.len()).map_err(|_| Errno::E2BIG)?;
        // SAFETY: type invariant; `to` has `len` bytes.
        Errno::check(unsafe {
            ffi::rex_skb_load(self.raw.as_ptr(), offset, to.as_mut_ptr().cast(), len)
        })
    }

    /// Writes `from` at `offset`, linear or not. Checksums are the caller's business.
    #[inline(always)]
    pub fn store(&mut self, offset: u32, from: &[u8]) -> Result<(), Errno> {
        let len = u32::try_from(from.len()).map_err(|_| Errno::E2BIG)?;
        // SAFETY: type invariant; no slice of the packet is live; `from` has `len` bytes.
        Errno::check(unsafe {
            ffi::rex_skb_store(self.raw.as_ptr(), offset, from.as_ptr().cast(), len)
        })
    }

    /// Length of the whole packet in bytes.
    #[inline(always)]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> u32 {
        // SAFETY: type invariant.
        unsafe { ffi::rex_skb_len(self.raw.as_ptr()) }
    }

    /// Index of the interface.
    #[inline(always)]
    pub fn ifindex(&self) -> u32 {
        // SAFETY: type invariant.
        unsafe { ffi::rex_skb_ifindex(self.raw.as_ptr()) }
    }

    /// The protocol as the stack sees it (`ETH_P_*`, host order; VLAN tags may be out of band).
    #[inline(always)]
    pub fn protocol(&self) -> u16 {
        // SAFETY: type invariant.
        unsafe { ffi::rex_skb_protocol(self.raw.as_ptr()) as u16 }
    }

    /// This invocation, for borrows from hash maps.
    #[inline(always)]
    pub fn scope(&self) -> Scope<'a> {
        // SAFETY: `'a` ends with the invocation.
        unsafe { Scope::new() }
    }
}
