// SPDX-License-Identifier: GPL-2.0-only
//! Sockets of this machine: whose packet is it?

use crate::ffi;
use core::marker::PhantomData;
use core::ptr::NonNull;

pub(crate) const TCP: u32 = 6;
pub(crate) const UDP: u32 = 17;

/// Addresses and ports of a packet (host order), from the remote side to this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketTuple {
    /// As `struct bpf_sock_tuple`: two addresses and two ports in network order.
    bytes: [u8; 36],
    len: u32,
}

impl SocketTuple {
    /// Over IPv4.
    #[inline]
    pub fn v4(source: u32, source_port: u16, dest: u32, dest_port: u16) -> Self {
        let mut bytes = [0; 36];
        bytes[..4].copy_from_slice(&source.to_be_bytes());
        bytes[4..8].copy_from_slice(&dest.to_be_bytes());
        bytes[8..10].copy_from_slice(&source_port.to_be_bytes());
        bytes[10..12].copy_from_slice(&dest_port.to_be_bytes());
        Self { bytes, len: 12 }
    }

    /// Over IPv6.
    #[inline]
    pub fn v6(source: u128, source_port: u16, dest: u128, dest_port: u16) -> Self {
        let mut bytes = [0; 36];
        bytes[..16].copy_from_slice(&source.to_be_bytes());
        bytes[16..32].copy_from_slice(&dest.to_be_bytes());
        bytes[32..34].copy_from_slice(&source_port.to_be_bytes());
        bytes[34..].copy_from_slice(&dest_port.to_be_bytes());
        Self { bytes, len: 36 }
    }
}

/// In what state a socket is. UDP sockets are `Established` when they are connected, else `Close`.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketState {
    Established,
    SynSent,
    SynReceived,
    FinWait1,
    FinWait2,
    TimeWait,
    Close,
    CloseWait,
    LastAck,
    Listen,
    Closing,
    NewSynReceived,
    /// One that this crate does not know.
    Other(u32),
}

/// A socket that this invocation holds. It is released when this goes out of scope; after a panic,
/// by rex.ko.
///
/// # Invariants
/// `socket` was given by rex_sk_lookup() in this invocation, which lasts for `'a`, and is on its
/// list.
pub struct SocketRef<'a> {
    socket: NonNull<ffi::sock>,
    _invocation: PhantomData<*mut &'a ()>,
}

/// # Safety
/// `ctx` is the context of the running invocation at XDP, tc or cgroup_skb, which lasts for `'a`.
#[inline(always)]
pub(crate) unsafe fn lookup<'a>(
    ctx: *mut ffi::rex_ctx,
    tuple: &SocketTuple,
    protocol: u32,
) -> Option<SocketRef<'a>> {
    // SAFETY: the caller's promise; the tuple has that many bytes.
    let socket = unsafe {
        ffi::rex_sk_lookup(ctx.cast(), (&raw const tuple.bytes).cast(), tuple.len, protocol)
    };
    Some(SocketRef { socket: NonNull::new(socket)?, _invocation: PhantomData })
}

impl SocketRef<'_> {
    /// Its state.
    #[inline]
    pub fn state(&self) -> SocketState {
        // SAFETY: type invariant.
        match unsafe { ffi::rex_sk_state(self.socket.as_ptr()) } {
            ffi::BPF_TCP_ESTABLISHED => SocketState::Established,
            ffi::BPF_TCP_SYN_SENT => SocketState::SynSent,
            ffi::BPF_TCP_SYN_RECV => SocketState::SynReceived,
            ffi::BPF_TCP_FIN_WAIT1 => SocketState::FinWait1,
            ffi::BPF_TCP_FIN_WAIT2 => SocketState::FinWait2,
            ffi::BPF_TCP_TIME_WAIT => SocketState::TimeWait,
            ffi::BPF_TCP_CLOSE => SocketState::Close,
            ffi::BPF_TCP_CLOSE_WAIT => SocketState::CloseWait,
            ffi::BPF_TCP_LAST_ACK => SocketState::LastAck,
            ffi::BPF_TCP_LISTEN => SocketState::Listen,
            ffi::BPF_TCP_CLOSING => SocketState::Closing,
            ffi::BPF_TCP_NEW_SYN_RECV => SocketState::NewSynReceived,
            other => SocketState::Other(other),
        }
    }

    /// Its address family (`AF_INET`: 2, `AF_INET6`: 10).
    #[inline(always)]
    pub fn family(&self) -> u32 {
        // SAFETY: type invariant.
        unsafe { ffi::rex_sk_family(self.socket.as_ptr()) }
    }

    /// Its mark (`SO_MARK`).
    #[inline(always)]
    pub fn mark(&self) -> u32 {
        // SAFETY: type invariant.
        unsafe { ffi::rex_sk_mark(self.socket.as_ptr()) }
    }

    /// Which socket it is: the number of its [`SockAddr`](crate::sock::SockAddr).
    #[inline(always)]
    pub fn id(&self) -> u64 {
        self.socket.as_ptr() as u64
    }

    /// Its own port.
    #[inline(always)]
    pub fn local_port(&self) -> u16 {
        // SAFETY: type invariant.
        unsafe { ffi::rex_sk_local_port(self.socket.as_ptr()) as u16 }
    }
}

impl Drop for SocketRef<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: type invariant. The invocation holds it, so it cannot fail.
        unsafe { ffi::rex_sk_release(self.socket.as_ptr()) };
    }
}
