// SPDX-License-Identifier: GPL-2.0-only
//! Streams: programs that see what a server reads from its sockets and writes to them, and that may
//! answer in its place. This hook is rex.ko's own; eBPF has none like it.
//!
//! ```
//! use rex::prelude::*;
//!
//! /// Answers the line "ping" before the server sees it.
//! #[rex_stream]
//! pub fn ping(ctx: &mut Stream<'_>) -> StreamVerdict {
//!     let StreamEvent::Ready(mut ready) = ctx.event() else { return StreamVerdict::Pass };
//!     while ready.bytes().starts_with(b"ping\n") && ready.reply(b"pong\n").is_ok() {
//!         ready.consume(5);
//!     }
//!     ready.answer()
//! }
//! # let session = rex::mock::Session::new();
//! # let mut connection = session.connection(ping);
//! # connection.receive(b"ping\nping\nhelo\n").unwrap();
//! # assert_eq!(connection.sent(), b"pong\npong\n");
//! # assert_eq!(connection.read(100).unwrap(), b"helo\n");
//! ```
//!
//! One entry serves all events of a socket, and one invocation of it runs at a time for each socket.
//! It sees bytes before the server can act on them, and each byte of a connection once as read, or
//! not at all if it answered the byte. A UDP socket of the server has no
//! [`Ready`](StreamEvent::Ready) events; of the others, each is one datagram.
//!
//! # The record
//!
//! Each socket has a record for the program: `Stream<'_, RECORD>`, where `RECORD` is plain data
//! ([`Pod`]) of at most 4096 bytes. It is zero when the socket opens.
//!
//! ```
//! use rex::prelude::*;
//!
//! #[derive(Clone, Copy, Pod)]
//! #[repr(C)]
//! pub struct Totals {
//!     read: u64,
//!     written: u64,
//! }
//!
//! #[rex_stream]
//! pub fn totals(ctx: &mut Stream<'_, Totals>) -> StreamVerdict {
//!     let (event, record) = ctx.split();
//!     match event {
//!         StreamEvent::Ready(_) => {}
//!         StreamEvent::Read(read) => record.read += read.bytes().len() as u64,
//!         StreamEvent::Wrote(wrote) => record.written += wrote.bytes().len() as u64,
//!         StreamEvent::Closed => printk!("{} bytes in, {} out", record.read, record.written),
//!     }
//!     StreamVerdict::Pass
//! }
//! # let session = rex::mock::Session::new();
//! # let mut connection = session.connection(totals);
//! # connection.receive(b"hello").unwrap();
//! # connection.read(100).unwrap();
//! # connection.write(b"hi").unwrap();
//! # connection.close().unwrap();
//! # assert_eq!(session.log()[0].1, "5 bytes in, 2 out");
//! ```
//!
//! # When a program does not run
//!
//! The server gets every byte whenever a program was stopped, is disabled, or is being replaced.
//! What the program asked for in that invocation is dropped. The next event that reaches a program
//! says [`is_lost`](Stream::is_lost), with a record of zeroes: bytes are missing in between, so that
//! the program has to find out anew where requests begin, or to leave the socket alone.

use crate::pod::Pod;
use crate::sock::SockAddr;
use crate::{Scope, ffi};
use core::marker::PhantomData;
use core::mem::size_of;
use core::ptr::NonNull;
use core::slice;

/// What becomes of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum StreamVerdict {
    /// The server gets them; a reply that was begun is dropped.
    Pass = ffi::REX_STREAM_PASS as i32,
    /// The reply is sent, and the server never gets the bytes that were consumed. Comes from
    /// [`Ready::answer`], and from nowhere else.
    Answer(Answered) = ffi::REX_STREAM_ANSWER as i32,
}

/// That there is an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered(());

impl StreamVerdict {
    /// rex.ko's number (`REX_STREAM_*`).
    #[inline(always)]
    pub const fn code(self) -> i32 {
        match self {
            Self::Pass => ffi::REX_STREAM_PASS as i32,
            Self::Answer(_) => ffi::REX_STREAM_ANSWER as i32,
        }
    }
}

/// The reply does not fit. Nothing of it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// Something that happens at a socket of a server, with the program's record of that socket.
///
/// # Invariants
/// `raw` points to the context of a stream invocation that lives for `'a`, used only through this
/// value. All that it points to lives as long: `len` bytes at `data`, which nobody writes; at
/// `Ready`, `room` bytes at `reply`, and at `record` a value of `R`, which nobody else uses.
pub struct Stream<'a, R: Pod = [u8; 0]> {
    raw: NonNull<ffi::rex_stream>,
    _invocation: PhantomData<(&'a mut ffi::rex_stream, &'a mut R)>,
}

impl<'a, R: Pod> Stream<'a, R> {
    /// # Safety
    /// As the type's invariants say.
    #[inline(always)]
    pub(crate) unsafe fn from_raw(ctx: *mut ffi::rex_stream) -> Self {
        // SAFETY: the caller passes a live context.
        Self { raw: unsafe { NonNull::new_unchecked(ctx) }, _invocation: PhantomData }
    }

    #[inline(always)]
    fn raw(&self) -> &ffi::rex_stream {
        // SAFETY: type invariant; what is written is written through `&mut self`.
        unsafe { self.raw.as_ref() }
    }

    #[inline(always)]
    fn has(&self, flag: u32) -> bool {
        self.raw().flags & flag != 0
    }

    /// What happens. To have the record at the same time, [`split`](Self::split).
    #[inline(always)]
    pub fn event(&mut self) -> StreamEvent<'_> {
        self.split().0
    }

    /// The program's record of this socket.
    #[inline(always)]
    pub fn record(&mut self) -> &mut R {
        self.split().1
    }

    /// What happens, and the program's record of this socket.
    #[inline(always)]
    pub fn split(&mut self) -> (StreamEvent<'_>, &mut R) {
        // SAFETY: type invariant; `&mut self` makes these the only users of the context and of the
        // record. A record without bytes may have no address.
        unsafe {
            let mut record = NonNull::dangling();
            if const { size_of::<R>() != 0 } {
                record = NonNull::new_unchecked(self.raw().record as *mut R);
            }
            (StreamEvent::of(self.raw.as_mut()), record.as_mut())
        }
    }

    /// Whether this is the first event of the socket, and none of its bytes were missed.
    #[inline(always)]
    pub fn is_new(&self) -> bool {
        self.has(ffi::REX_STREAM_NEW)
    }

    /// Whether events are missing since the last one that the program saw to its end: the record is
    /// zero.
    #[inline(always)]
    pub fn is_lost(&self) -> bool {
        self.has(ffi::REX_STREAM_LOST)
    }

    /// Whether this is a UDP socket of the server: then all clients share it, and the record.
    #[inline(always)]
    pub fn is_udp(&self) -> bool {
        self.has(ffi::REX_STREAM_UDP)
    }

    /// Whether the socket's family is IPv6; IPv4 clients can reach such a socket, too.
    #[inline(always)]
    pub fn is_ipv6(&self) -> bool {
        self.has(ffi::REX_STREAM_IPV6)
    }

    /// A number of the socket that no other socket has or will have.
    #[inline(always)]
    pub fn socket(&self) -> u64 {
        self.raw().socket
    }

    /// The address of the socket itself, by which other hooks know it. A later socket may get the same.
    #[inline(always)]
    pub fn sock(&self) -> SockAddr {
        SockAddr(self.raw().sock)
    }

    /// Whether this is a listener, of which [`Closed`](StreamEvent::Closed) is the only event: the server
    /// accepts no more connections there.
    #[inline(always)]
    pub fn is_listener(&self) -> bool {
        self.has(ffi::REX_STREAM_LISTENER)
    }

    /// Whether this is [`Closed`](StreamEvent::Closed) because the program is detached from the socket,
    /// which goes on. What follows passes unseen, but nothing did before the program has returned.
    #[inline(always)]
    pub fn is_detached(&self) -> bool {
        self.has(ffi::REX_STREAM_DETACHED)
    }

    /// This invocation, for borrows from hash maps.
    #[inline(always)]
    pub fn scope(&self) -> Scope<'a> {
        // SAFETY: `'a` ends with the invocation.
        unsafe { Scope::new() }
    }
}

/// What happens at a socket.
pub enum StreamEvent<'a> {
    /// TCP: there are bytes that the server has not read yet. Not called again before more arrive or
    /// the server reads or writes.
    Ready(Ready<'a>),
    /// The server is about to get bytes. Over UDP, also when it finds that no datagram is there.
    Read(Read<'a>),
    /// The kernel accepted bytes from the server; over UDP, it is about to.
    Wrote(Wrote<'a>),
    /// The socket closes, or the program [is detached](Stream::is_detached) from it. No other event
    /// follows. Of a connection that closes, it is left out where it would be the first.
    Closed,
}

impl<'a> StreamEvent<'a> {
    /// # Safety
    /// `raw` is the context of a running invocation, as the invariants of [`Stream`] say.
    #[inline(always)]
    unsafe fn of(raw: &'a mut ffi::rex_stream) -> Self {
        match raw.event {
            ffi::rex_stream_event_REX_STREAM_READY => Self::Ready(Ready { raw }),
            ffi::rex_stream_event_REX_STREAM_READ => Self::Read(Read { raw }),
            ffi::rex_stream_event_REX_STREAM_WROTE => Self::Wrote(Wrote { raw }),
            _ => Self::Closed,
        }
    }
}

/// All that the context shows of the socket's bytes.
///
/// # Safety
/// `raw` is the context of an invocation that runs for `'a`.
#[inline(always)]
unsafe fn shown<'a>(raw: &ffi::rex_stream) -> &'a [u8] {
    if raw.len == 0 {
        return &[]; // there need be no address
    }
    // SAFETY: the caller's promise; nobody writes them.
    unsafe { slice::from_raw_parts(raw.data as *const u8, raw.len as usize) }
}

/// Bytes that the server has not read yet, and room for a reply to them.
///
/// # Invariants
/// `raw` is the context of a running invocation at `Ready`; `consume` is at most its `len`, and
/// `reply_len` at most its `room`.
pub struct Ready<'a> {
    raw: &'a mut ffi::rex_stream,
}

impl<'a> Ready<'a> {
    /// The bytes, 16384 at most, less those that were [consumed](Self::consume).
    #[inline(always)]
    pub fn bytes(&self) -> &'a [u8] {
        // SAFETY: type invariant.
        let bytes = unsafe { shown(self.raw) };
        // SAFETY: type invariant.
        unsafe { bytes.get_unchecked(self.raw.consume as usize..) }
    }

    /// Takes `n` bytes off the front of [`bytes`](Self::bytes): they are answered, and the server
    /// never gets them.
    ///
    /// # Panics
    /// When there are fewer.
    #[inline(always)]
    pub fn consume(&mut self, n: usize) {
        assert!(n <= self.bytes().len(), "more bytes consumed than there are");
        self.raw.consume += n as u32;
    }

    /// Adds `bytes` to the reply.
    #[inline(always)]
    pub fn reply(&mut self, bytes: &[u8]) -> Result<(), Full> {
        self.room().get_mut(..bytes.len()).ok_or(Full)?.copy_from_slice(bytes);
        self.raw.reply_len += bytes.len() as u32;
        Ok(())
    }

    /// The room that is left for the reply, at first 80 KiB or what the connection's send buffer
    /// can take. What is written there belongs to the reply after [`filled`](Self::filled); before
    /// that it has old bytes of any kind.
    ///
    /// ```
    /// use rex::prelude::*;
    ///
    /// /// Sends back what came, in capital letters.
    /// #[rex_stream]
    /// pub fn shout(ctx: &mut Stream<'_>) -> StreamVerdict {
    ///     let StreamEvent::Ready(mut ready) = ctx.event() else { return StreamVerdict::Pass };
    ///     let bytes = ready.bytes();
    ///     let Some(room) = ready.room().get_mut(..bytes.len()) else { return StreamVerdict::Pass };
    ///     room.copy_from_slice(bytes);
    ///     room.make_ascii_uppercase();
    ///     ready.filled(bytes.len());
    ///     ready.consume(bytes.len());
    ///     ready.answer()
    /// }
    /// # let session = rex::mock::Session::new();
    /// # let mut connection = session.connection(shout);
    /// # connection.receive(b"hello").unwrap();
    /// # assert_eq!(connection.sent(), b"HELLO");
    /// ```
    #[inline(always)]
    pub fn room(&mut self) -> &mut [u8] {
        if self.raw.room == 0 {
            return &mut []; // there need be no address
        }
        // SAFETY: type invariant; `&mut self` makes this the only slice of the room.
        unsafe {
            slice::from_raw_parts_mut(self.raw.reply as *mut u8, self.raw.room as usize)
                .get_unchecked_mut(self.raw.reply_len as usize..)
        }
    }

    /// The first `n` bytes of [`room`](Self::room) belong to the reply.
    ///
    /// # Panics
    /// When there are fewer.
    #[inline(always)]
    pub fn filled(&mut self, n: usize) {
        assert!(n <= self.room().len(), "more bytes filled than there is room for");
        self.raw.reply_len += n as u32;
    }

    /// How many bytes the reply has.
    #[inline(always)]
    pub fn reply_len(&self) -> usize {
        self.raw.reply_len as usize
    }

    /// Shortens the reply to `len` bytes, to take back what turned out to be incomplete.
    #[inline(always)]
    pub fn truncate(&mut self, len: usize) {
        self.raw.reply_len = self.raw.reply_len.min(u32::try_from(len).unwrap_or(u32::MAX));
    }

    /// The verdict: sends the reply and takes the consumed bytes off the queue. If none were
    /// consumed, there is nothing to answer: the server gets all.
    #[inline(always)]
    pub fn answer(self) -> StreamVerdict {
        if self.raw.consume == 0 {
            StreamVerdict::Pass
        } else {
            StreamVerdict::Answer(Answered(()))
        }
    }
}

/// Reads and writes that come in pieces.
macro_rules! piece {
    ($name:ident) => {
        impl<'a> $name<'a> {
            /// The bytes, 16384 at most.
            #[inline(always)]
            pub fn bytes(&self) -> &'a [u8] {
                // SAFETY: type invariant.
                unsafe { shown(self.raw) }
            }

            /// Whether the call goes on behind these bytes, in an event of its own.
            #[inline(always)]
            pub fn has_more(&self) -> bool {
                self.raw.flags & ffi::REX_STREAM_MORE != 0
            }

            /// The thread of the server that makes the call, as the kernel numbers it.
            #[inline(always)]
            pub fn tid(&self) -> u32 {
                self.raw.tid
            }

            /// Leaves out the next `n` bytes behind these, also those of later calls: no event
            /// shows them. For values, of which only the length matters.
            #[inline(always)]
            pub fn skip(&mut self, n: u32) {
                self.raw.skip = n;
            }
        }
    };
}

/// Bytes that the server is about to get.
///
/// # Invariants
/// `raw` is the context of a running invocation at `Read`; `limit` is not 0 if there are bytes, and
/// at most their number.
pub struct Read<'a> {
    raw: &'a mut ffi::rex_stream,
}

piece! { Read }

impl Read<'_> {
    /// How many bytes the server asked for in this call.
    #[inline(always)]
    pub fn asked(&self) -> u32 {
        self.raw.asked
    }

    /// Whether this call fills the server's buffer: there may be more that it reads next.
    #[inline(always)]
    pub fn is_full(&self) -> bool {
        self.raw.flags & ffi::REX_STREAM_FULL != 0
    }

    /// UDP: whether the server asks who sent the datagram.
    #[inline(always)]
    pub fn asks_for_sender(&self) -> bool {
        self.raw.flags & ffi::REX_STREAM_NAMED != 0
    }

    /// Leaves out `Ready` from here to the next `Read`: what comes until then is not to be answered,
    /// and the server gets it as if there were no program. Not for UDP.
    ///
    /// ```
    /// use rex::prelude::*;
    ///
    /// /// Answers "ping", but not while the server is at something else.
    /// #[rex_stream]
    /// pub fn ping(ctx: &mut Stream<'_>) -> StreamVerdict {
    ///     match ctx.event() {
    ///         StreamEvent::Ready(mut ready) if ready.bytes() == b"ping" => {
    ///             ready.consume(4);
    ///             ready.answer()
    ///         }
    ///         StreamEvent::Read(mut read) if read.bytes() == b"work" => {
    ///             read.without_ready();
    ///             read.without_wrote();
    ///             StreamVerdict::Pass
    ///         }
    ///         StreamEvent::Wrote(_) => panic!("not a word"),
    ///         _ => StreamVerdict::Pass,
    ///     }
    /// }
    /// # let session = rex::mock::Session::new();
    /// # let mut connection = session.connection(ping);
    /// # let ask = |connection: &mut rex::mock::Connection<'_, [u8; 0], _>, bytes: &[u8]| {
    /// #     connection.receive(bytes).unwrap();
    /// #     connection.read(9).unwrap().len()
    /// # };
    /// # assert_eq!(ask(&mut connection, b"ping"), 0);
    /// # assert_eq!(ask(&mut connection, b"work"), 4);
    /// # connection.write(b"done").unwrap();
    /// # assert_eq!(ask(&mut connection, b"ping"), 4);
    /// # assert_eq!(ask(&mut connection, b"ping"), 0);
    /// # assert!(connection.write(b"ok").is_err());
    /// ```
    #[inline(always)]
    pub fn without_ready(&mut self) {
        self.raw.quiet |= ffi::REX_STREAM_QUIET_READY;
    }

    /// Leaves out `Wrote` from here to the next `Read`. Not for UDP.
    #[inline(always)]
    pub fn without_wrote(&mut self) {
        self.raw.quiet |= ffi::REX_STREAM_QUIET_WROTE;
    }

    /// From here to the next `Read`, shows only the first of what the server writes, as a `Wrote` without
    /// bytes: that it wrote at all. Not for UDP.
    #[inline(always)]
    pub fn without_written_bytes(&mut self) {
        self.raw.quiet |= ffi::REX_STREAM_QUIET_BYTES;
    }

    /// Gives the server only the first `n` bytes in this call, as if no more had come yet. The
    /// others are ready anew afterwards.
    ///
    /// # Panics
    /// When `n` is 0 or there are fewer bytes.
    #[inline(always)]
    pub fn limit(&mut self, n: usize) {
        assert!(n != 0 && n <= self.bytes().len(), "a read is limited to 1 byte or more of it");
        self.raw.limit = n as u32;
    }
}

/// Bytes that the kernel accepted from the server.
///
/// # Invariants
/// `raw` is the context of a running invocation at `Wrote`.
pub struct Wrote<'a> {
    raw: &'a mut ffi::rex_stream,
}

piece! { Wrote }
