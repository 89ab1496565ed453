// SPDX-License-Identifier: GPL-2.0-only
//! XDP: programs that see a packet before the network stack does.

use crate::route::{self, FibRequest, NextHop, NoRoute};
use crate::socket::{self, SocketRef, SocketTuple};
use crate::{Errno, Result, Scope, ffi};
use core::ffi::c_long;
use core::marker::PhantomData;
use core::net::IpAddr;
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
    /// Goes where the last redirect said: comes from [`Xdp::redirect`] and from the maps that
    /// redirect, and from nowhere else.
    Redirect(Redirected) = ffi::xdp_action_XDP_REDIRECT as i32,
}

/// That a redirect was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redirected(());

impl XdpVerdict {
    /// The kernel's number (`XDP_*`).
    #[inline(always)]
    pub const fn code(self) -> i32 {
        match self {
            Self::Aborted => ffi::xdp_action_XDP_ABORTED as i32,
            Self::Drop => ffi::xdp_action_XDP_DROP as i32,
            Self::Pass => ffi::xdp_action_XDP_PASS as i32,
            Self::Tx => ffi::xdp_action_XDP_TX as i32,
            Self::Redirect(_) => ffi::xdp_action_XDP_REDIRECT as i32,
        }
    }

    /// What a redirect helper returned: a verdict, or a negative errno.
    #[inline(always)]
    pub(crate) fn from_redirect(ret: c_long) -> Result<Self, Errno> {
        Errno::check(ret)?;
        match ret as u32 {
            ffi::xdp_action_XDP_REDIRECT => Ok(Self::Redirect(Redirected(()))),
            ffi::xdp_action_XDP_DROP => Ok(Self::Drop),
            ffi::xdp_action_XDP_PASS => Ok(Self::Pass),
            ffi::xdp_action_XDP_TX => Ok(Self::Tx),
            _ => Err(Errno::EINVAL),
        }
    }
}

/// A packet at the XDP hook.
///
/// Slices of the packet borrow from the context, and what may move the packet takes `&mut self`:
/// no slice can be stale.
///
/// ```
/// use rex::prelude::*;
///
/// #[rex_xdp]
/// pub fn short(ctx: &mut Xdp<'_>) -> XdpVerdict {
///     if ctx.data().len() < 60 { XdpVerdict::Drop } else { XdpVerdict::Pass }
/// }
/// ```
///
/// # Invariants
/// `raw` points to the context of an XDP invocation that lives for `'a`, used only through this
/// value; its `data..data_end` is the linear part of the packet, which nobody else writes, and
/// `raw..data` its metadata unless `raw` is not below `data`.
pub struct Xdp<'a> {
    pub(crate) raw: NonNull<ffi::rex_ctx>,
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
            slice::from_raw_parts(ctx.data as *const u8, ctx.len())
        }
    }

    /// [`data`](Self::data), to be written.
    #[inline(always)]
    pub fn data_mut(&mut self) -> &mut [u8] {
        // SAFETY: type invariant; `&mut self` makes this the only slice.
        unsafe {
            let ctx = self.raw.as_ref();
            slice::from_raw_parts_mut(ctx.data as *mut u8, ctx.len())
        }
    }

    /// Address and length of the metadata.
    #[inline(always)]
    fn meta_range(&self) -> (u64, usize) {
        // SAFETY: type invariant.
        let ctx = unsafe { self.raw.as_ref() };
        match ctx.data.checked_sub(ctx.raw) {
            Some(len) => (ctx.raw, len as usize),
            None => (ctx.data, 0),
        }
    }

    /// The metadata in front of the packet, for later programs and for tc: empty until
    /// [`adjust_meta`](Self::adjust_meta) makes room.
    #[inline(always)]
    pub fn meta(&self) -> &[u8] {
        let (at, len) = self.meta_range();
        // SAFETY: type invariant; the slice keeps `self` borrowed.
        unsafe { slice::from_raw_parts(at as *const u8, len) }
    }

    /// [`meta`](Self::meta), to be written.
    #[inline(always)]
    pub fn meta_mut(&mut self) -> &mut [u8] {
        let (at, len) = self.meta_range();
        // SAFETY: type invariant; `&mut self` makes this the only slice.
        unsafe { slice::from_raw_parts_mut(at as *mut u8, len) }
    }

    /// Length of the whole packet in bytes, fragments too.
    #[inline(always)]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> u32 {
        // SAFETY: type invariant.
        unsafe { ffi::rex_xdp_len(self.raw.as_ptr()) }
    }

    /// Whether the packet goes on in fragments behind [`data`](Self::data).
    #[inline(always)]
    pub fn has_frags(&self) -> bool {
        // SAFETY: type invariant.
        unsafe { ffi::rex_xdp_frags(self.raw.as_ptr()) != 0 }
    }

    /// Copies `to.len()` bytes from `offset` on, linear or not, into `to`.
    #[inline(always)]
    pub fn load(&self, offset: u32, to: &mut [u8]) -> Result<(), Errno> {
        let len = u32::try_from(to.len()).map_err(|_| Errno::E2BIG)?;
        // SAFETY: type invariant; `to` has `len` bytes.
        Errno::check(unsafe {
            ffi::rex_xdp_load(self.raw.as_ptr(), offset, to.as_mut_ptr().cast(), len)
        })
    }

    /// Writes `from` at `offset`, linear or not. Checksums are the caller's business.
    #[inline(always)]
    pub fn store(&mut self, offset: u32, from: &[u8]) -> Result<(), Errno> {
        let len = u32::try_from(from.len()).map_err(|_| Errno::E2BIG)?;
        // SAFETY: type invariant; no slice of the packet is live; `from` has `len` bytes.
        Errno::check(unsafe {
            ffi::rex_xdp_store(self.raw.as_ptr(), offset, from.as_ptr().cast(), len)
        })
    }

    /// Moves the front of the packet: positive `delta` removes bytes, negative adds some, whose
    /// content is undefined but initialised. On an error the packet is unchanged. Metadata is lost.
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

    /// Moves the front of the metadata: negative `delta` adds bytes (undefined but initialised),
    /// positive removes some. The length must be a multiple of 4 and at most 252.
    #[inline(always)]
    pub fn adjust_meta(&mut self, delta: i32) -> Result<(), Errno> {
        // SAFETY: type invariant; no slice is live.
        Errno::check(unsafe { ffi::rex_xdp_adjust_meta(self.raw.as_ptr(), delta) })
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

    /// Whether `address` is one of this machine, in the network namespace of the interface that the
    /// packet came in by (of that interface, if it is link-local): the id of the VLAN whose
    /// interface has it, else 0. `None` when it is none of ours.
    ///
    /// ```
    /// use rex::prelude::*;
    /// use std::net::{IpAddr, Ipv4Addr};
    ///
    /// fn is_ours(ctx: &Xdp<'_>) -> bool {
    ///     ctx.local(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1))) == Some(0)
    /// }
    /// # let session = rex::mock::Session::new();
    /// # session.add_local_address(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 0);
    /// # let mut packet = rex::mock::Packet::new(&[0; 60]);
    /// # let run = |ctx: &mut Xdp<'_>| { assert!(is_ours(ctx)); XdpVerdict::Pass };
    /// # session.run_xdp(run, &mut packet).unwrap();
    /// ```
    #[inline]
    pub fn local(&self, address: IpAddr) -> Option<u16> {
        let (bytes, len) = match address {
            IpAddr::V4(address) => {
                let mut bytes = [0; 16];
                bytes[..4].copy_from_slice(&address.octets());
                (bytes, 4)
            }
            IpAddr::V6(address) => (address.octets(), 16),
        };
        // SAFETY: type invariant; `bytes` has `len` bytes and more.
        let vlan = unsafe { ffi::rex_xdp_local(self.raw.as_ptr(), bytes.as_ptr().cast(), len) };
        u16::try_from(vlan).ok()
    }

    /// The MAC address of the interface that the packet came in by; zeroes if it has none.
    #[inline]
    pub fn mac(&self) -> [u8; 6] {
        let mut mac = [0; 6];
        // SAFETY: type invariant; `mac` has 6 bytes.
        unsafe { ffi::rex_xdp_mac(self.raw.as_ptr(), mac.as_mut_ptr()) };
        mac
    }

    /// Sends the packet out of another interface: gives the verdict to return.
    ///
    /// ```
    /// use rex::prelude::*;
    ///
    /// #[rex_xdp]
    /// pub fn forward(ctx: &mut Xdp<'_>) -> XdpVerdict {
    ///     ctx.redirect(2).unwrap_or(XdpVerdict::Drop)
    /// }
    /// ```
    #[inline(always)]
    pub fn redirect(&mut self, ifindex: u32) -> Result<XdpVerdict, Errno> {
        // SAFETY: an XDP invocation is running.
        XdpVerdict::from_redirect(unsafe { ffi::rex_xdp_redirect(ifindex, 0) })
    }

    /// Where the kernel would route such a packet.
    #[inline(always)]
    pub fn fib_lookup(&self, request: &FibRequest) -> Result<NextHop, NoRoute> {
        // SAFETY: type invariant.
        unsafe { route::lookup(self.raw.as_ptr(), request) }
    }

    /// The TCP socket, connected or listening, that would get such a packet.
    #[inline(always)]
    pub fn sk_lookup_tcp(&self, tuple: &SocketTuple) -> Option<SocketRef<'a>> {
        // SAFETY: type invariant; `'a` ends with the invocation.
        unsafe { socket::lookup(self.raw.as_ptr(), tuple, socket::TCP) }
    }

    /// The UDP socket that would get such a packet.
    #[inline(always)]
    pub fn sk_lookup_udp(&self, tuple: &SocketTuple) -> Option<SocketRef<'a>> {
        // SAFETY: type invariant; `'a` ends with the invocation.
        unsafe { socket::lookup(self.raw.as_ptr(), tuple, socket::UDP) }
    }

    /// This invocation, for borrows from hash maps.
    #[inline(always)]
    pub fn scope(&self) -> Scope<'a> {
        // SAFETY: `'a` ends with the invocation.
        unsafe { Scope::new() }
    }
}
