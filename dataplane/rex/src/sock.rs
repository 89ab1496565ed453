// SPDX-License-Identifier: GPL-2.0-only
//! Sockets and messages among the arguments of a traced function: who is at the two ends, how far
//! the application has read, and where in user memory the bytes are.
//!
//! ```
//! use rex::prelude::*;
//! use rex::probe;
//! use rex::sock::{Message, SockAddr};
//!
//! /// At the exit of tcp_recvmsg(sk, msg, len, flags, addr_len): what a server at port 11211 has
//! /// just read, before it can look at it.
//! #[rex_fexit]
//! pub fn tcp_read(ctx: &Fexit<'_>) -> rex::Result {
//!     let &[sk, message, ..] = ctx.args() else { return Ok(0) };
//!     let len = ctx.ret() as i32;
//!     if len <= 0 || SockAddr(sk).ident().is_none_or(|ident| ident.local_port != 11211) {
//!         return Ok(0);
//!     }
//!     let Some(message) = Message::at(message) else { return Ok(0) };
//!     let mut first = [0; 1];
//!     if let Some(bytes) = message.received(len as usize)
//!         && probe::read_user_bytes(bytes, &mut first).is_ok()
//!     {
//!         printk!("read {len} bytes: {}", first[0] as char);
//!     }
//!     Ok(0)
//! }
//! # use rex::mock::{Session, Socket};
//! # let session = Session::new();
//! # session.add_socket(0x1000, Socket { local_port: 11211, ..Socket::default() });
//! # let read = Message::user_buffer(0x7000, 4, 16384 - 4);
//! # session.add_message(0x2000, read);
//! # session.map_memory(0x7000, b"get ");
//! # assert_eq!(session.run_fexit(tcp_read, &[0x1000, 0x2000, 16384, 0, 0], 4), Ok(0));
//! # assert_eq!(session.log()[0].1, "read 4 bytes: g");
//! ```
//!
//! An argument is a number, and so is an address here: rex.ko reads what is behind it, or finds
//! that there is nothing to read. It cannot find out whether the number leads to a socket at all:
//! that depends on the function that the program is attached to.

use crate::probe::{self, KernelAddr, UserAddr};
use crate::{Errno, ffi};
use core::mem::MaybeUninit;

/// The address of a `struct sock`. It tells sockets apart as long as they live; a new one may get
/// the address of one that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct SockAddr(pub u64);

/// What a socket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ident {
    /// `AF_INET`: 2, `AF_INET6`: 10.
    pub family: u16,
    /// `IPPROTO_TCP`: 6, `IPPROTO_UDP`: 17.
    pub protocol: u16,
    /// 0: not bound. It stays when the connection is over.
    pub local_port: u16,
    /// 0: not connected.
    pub remote_port: u16,
    /// As in [`SocketState`](crate::socket::SocketState): 1 is established, 10 listens.
    pub state: u8,
}

/// The addresses of a socket, those of IPv4 as `::ffff:a.b.c.d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// All zeroes (for IPv4: behind the prefix): any of this machine.
    pub local: [u8; 16],
    /// All zeroes (for IPv4: behind the prefix): not connected.
    pub remote: [u8; 16],
    /// The inode number of its network namespace, as in `/proc/PID/ns/net`.
    pub netns: u32,
}

/// How far the application has read from a TCP socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpPosition {
    /// The sequence number of the next byte that it reads.
    pub copied_seq: u32,
    /// How many bytes it has read so far. The end of the stream counts as one more. While
    /// segments arrive, it may be too much by bytes that were received and not read, but is never
    /// too little.
    pub app_read: u64,
}

/// The `struct sock` of the `struct socket` at this address.
#[inline(always)]
pub fn of_socket(socket: u64) -> Option<SockAddr> {
    // SAFETY: any number is allowed.
    let sk = unsafe { ffi::rex_socket_sock(socket) };
    (sk != 0).then_some(SockAddr(sk))
}

/// What `fill` writes, unless it fails.
///
/// # Safety
/// When `fill` gives no error, all of the value is initialised.
#[inline(always)]
unsafe fn filled<T>(fill: impl FnOnce(*mut T) -> core::ffi::c_long) -> Option<T> {
    let mut to = MaybeUninit::uninit();
    Errno::check(fill(to.as_mut_ptr())).ok()?;
    // SAFETY: the caller's promise.
    Some(unsafe { to.assume_init() })
}

impl SockAddr {
    /// What it is; None where there is no socket of IPv4 or IPv6. This is as cheap as it can be.
    #[inline(always)]
    pub fn ident(self) -> Option<Ident> {
        // SAFETY: any number is allowed.
        let word = unsafe { ffi::rex_sock_ident(self.0) };
        (word != 0).then_some(Ident {
            family: (word >> 32) as u8 as u16,
            protocol: (word >> 48) as u16,
            local_port: (word >> 16) as u16,
            remote_port: word as u16,
            state: (word >> 40) as u8,
        })
    }

    /// Its addresses; None where there is no socket of IPv4 or IPv6.
    #[inline(always)]
    pub fn addresses(self) -> Option<Addresses> {
        // SAFETY: any number is allowed, and all is written.
        let addrs: ffi::rex_sock_addrs = unsafe { filled(|to| ffi::rex_sock_addrs(self.0, to)) }?;
        Some(Addresses { local: addrs.local, remote: addrs.remote, netns: addrs.netns })
    }

    /// How far the application has read; None where there is no TCP socket. At the exit of
    /// `tcp_recvmsg` this is what that call has done, unless other threads read, too.
    #[inline(always)]
    pub fn tcp_position(self) -> Option<TcpPosition> {
        // SAFETY: any number is allowed, and all is written.
        let position: ffi::rex_tcp_position =
            unsafe { filled(|to| ffi::rex_tcp_position(self.0, to)) }?;
        Some(TcpPosition { copied_seq: position.copied_seq, app_read: position.app_read })
    }
}

/// In what form a message has its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// One range of user memory.
    Ubuf,
    /// Several ranges of user memory.
    Iovec,
    /// Memory of the kernel, or pages: of sendfile(2), splice(2), or the kernel's own traffic.
    Other,
}

/// A copy of what a `struct msghdr` says about the bytes of a read or write, as it was when this
/// was made: a call of `recvmsg` or `sendmsg` moves on in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    kind: MessageKind,
    has_name: bool,
    base: u64,
    offset: u64,
    count: u64,
    segments: u64,
}

#[cfg(rex_mock)]
impl Message {
    /// One range of user memory at `base`, of which `offset` bytes are done and `count` are left.
    pub const fn user_buffer(base: u64, offset: u64, count: u64) -> Self {
        Self { kind: MessageKind::Ubuf, has_name: false, base, offset, count, segments: 1 }
    }

    /// Several ranges, `segments` of `struct iovec` at `base`, with `count` bytes in all.
    pub const fn user_ranges(base: u64, segments: u64, count: u64) -> Self {
        Self { kind: MessageKind::Iovec, has_name: false, base, offset: 0, count, segments }
    }

    /// Memory of the kernel.
    pub const fn other(count: u64) -> Self {
        let kind = MessageKind::Other;
        Self { kind, has_name: false, base: 0, offset: 0, count, segments: 0 }
    }

    /// The same with room for an address.
    #[must_use]
    pub const fn with_name(self) -> Self {
        Self { has_name: true, ..self }
    }

    pub(crate) fn raw(&self) -> ffi::rex_message {
        ffi::rex_message {
            base: self.base,
            offset: self.offset,
            count: self.count,
            segments: self.segments,
            kind: match self.kind {
                MessageKind::Other => ffi::rex_message_kind_REX_MESSAGE_OTHER,
                MessageKind::Ubuf => ffi::rex_message_kind_REX_MESSAGE_UBUF,
                MessageKind::Iovec => ffi::rex_message_kind_REX_MESSAGE_IOVEC,
            },
            named: self.has_name.into(),
        }
    }
}

impl Message {
    /// The one at this address; None where nothing can be read.
    #[inline(always)]
    pub fn at(message: u64) -> Option<Self> {
        // SAFETY: any number is allowed, and all is written.
        let message: ffi::rex_message = unsafe { filled(|to| ffi::rex_message(message, to)) }?;
        Some(Self {
            kind: match message.kind {
                ffi::rex_message_kind_REX_MESSAGE_UBUF => MessageKind::Ubuf,
                ffi::rex_message_kind_REX_MESSAGE_IOVEC => MessageKind::Iovec,
                _ => MessageKind::Other,
            },
            has_name: message.named != 0,
            base: message.base,
            offset: message.offset,
            count: message.count,
            segments: message.segments,
        })
    }

    /// In what form it has its bytes.
    #[inline(always)]
    pub fn kind(&self) -> MessageKind {
        self.kind
    }

    /// Whether the caller wants to know the sender's address, or names the receiver's.
    #[inline(always)]
    pub fn has_name(&self) -> bool {
        self.has_name
    }

    /// How many bytes are left to read or write.
    #[inline(always)]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// How many bytes the read asked for that has just given `ret`.
    #[inline(always)]
    pub fn asked(&self, ret: usize) -> u64 {
        self.count.saturating_add(ret as u64)
    }

    /// Where the `ret` bytes begin that have just been read: in one range of user memory, else
    /// None. None also when fewer bytes than that were copied (`MSG_TRUNC`).
    #[inline(always)]
    pub fn received(&self, ret: usize) -> Option<UserAddr> {
        match self.kind {
            MessageKind::Ubuf => {
                Some(UserAddr(self.base.wrapping_add(self.offset.checked_sub(ret as u64)?)))
            }
            _ => None,
        }
    }

    /// How many ranges of user memory are left: 1 for [`Ubuf`](MessageKind::Ubuf), 0 for
    /// [`Other`](MessageKind::Other).
    #[inline(always)]
    pub fn segments(&self) -> u64 {
        self.segments
    }

    /// Range `n` of what is left: where it begins and how long it is. The process that owns this
    /// memory may write it at any time. None where there is no such range.
    #[inline(always)]
    pub fn segment(&self, n: u64) -> Option<(UserAddr, u64)> {
        if n >= self.segments {
            return None;
        }
        match self.kind {
            MessageKind::Ubuf => Some((UserAddr(self.base.wrapping_add(self.offset)), self.count)),
            MessageKind::Iovec => {
                // struct iovec is ABI: address and length.
                let at = KernelAddr(self.base.wrapping_add(n.wrapping_mul(16)));
                let [base, len] = probe::read_kernel::<[u64; 2]>(at).ok()?;
                let done = if n == 0 { self.offset } else { 0 };
                Some((UserAddr(base.wrapping_add(done)), len.checked_sub(done)?.min(self.count)))
            }
            MessageKind::Other => None,
        }
    }
}
