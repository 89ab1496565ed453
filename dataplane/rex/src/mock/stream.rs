// SPDX-License-Identifier: GPL-2.0-only
//! Sockets of a server, for stream programs.

use super::{Fault, Session, invoke, sockets};
use crate::ffi;
use crate::pod::Pod;
use crate::stream::{Stream, StreamVerdict};
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// So many times the program may answer in one go.
const TURNS: usize = 4;

static LAST_ID: AtomicU64 = AtomicU64::new(0);

/// A socket of a server, from [`Session::connection`] or [`Session::udp_socket`]: what its client
/// sends, what the server reads and writes, and the program in between, as rex.ko has it.
///
/// ```
/// use rex::mock::Session;
/// use rex::prelude::*;
///
/// #[rex_stream]
/// pub fn hello(ctx: &mut Stream<'_>) -> StreamVerdict {
///     match ctx.event() {
///         StreamEvent::Ready(mut ready) if ready.bytes() == b"hello" => {
///             ready.reply(b"world").unwrap();
///             ready.consume(5);
///             ready.answer()
///         }
///         StreamEvent::Read(mut read) => {
///             read.limit(1);
///             StreamVerdict::Pass
///         }
///         StreamEvent::Wrote(_) => panic!("not a word"),
///         _ => StreamVerdict::Pass,
///     }
/// }
///
/// let session = Session::new();
/// let mut connection = session.connection(hello);
/// connection.receive(b"hello").unwrap();
/// assert_eq!(connection.sent(), b"world");
/// connection.receive(b"bye").unwrap();
/// assert_eq!(connection.read(100).unwrap(), b"b");
/// // A panic comes back as an error. What the server wrote is sent all the same.
/// assert!(connection.write(b"ok").is_err());
/// assert_eq!(connection.sent(), b"worldok");
/// ```
pub struct Connection<'s, R: Pod, F> {
    program: F,
    id: u64,
    udp: bool,
    /// Datagrams; of TCP one, of all bytes.
    queue: VecDeque<Vec<u8>>,
    delivered: Vec<u8>,
    sent: Vec<u8>,
    record: Vec<u64>,
    /// By which generation of the program the record is.
    generation: u32,
    is_new: bool,
    is_lost: bool,
    /// The program passed what is in the queue, and nothing happened since.
    passed: bool,
    /// What is left out until the next read.
    quiet: u32,
    skip_read: usize,
    skip_written: usize,
    /// How many bytes of replies the send buffer takes; at first more than a program can reply.
    pub send_room: usize,
    /// The thread of the server.
    pub tid: u32,
    /// Whether the socket's family is IPv6.
    pub ipv6: bool,
    /// The address of the socket.
    pub sock: u64,
    /// UDP: whether reads ask for the sender.
    pub named: bool,
    listens: bool,
    _of: PhantomData<(&'s Session, R)>,
}

impl Session {
    /// A new TCP connection to a server to which this stream program is attached.
    pub fn connection<R: Pod, F>(&self, program: F) -> Connection<'_, R, F>
    where
        F: FnMut(&mut Stream<'_, R>) -> StreamVerdict,
    {
        Connection {
            program,
            id: LAST_ID.fetch_add(1, Relaxed) + 1,
            udp: false,
            queue: VecDeque::new(),
            delivered: Vec::new(),
            sent: Vec::new(),
            record: vec![0; size_of::<R>().div_ceil(8)],
            generation: sockets::generation(),
            is_new: true,
            is_lost: false,
            passed: false,
            quiet: 0,
            skip_read: 0,
            skip_written: 0,
            send_room: ffi::REX_STREAM_ROOM as usize,
            tid: 1000,
            ipv6: false,
            sock: 0,
            named: true,
            listens: false,
            _of: PhantomData,
        }
    }

    /// A UDP socket of such a server.
    pub fn udp_socket<R: Pod, F>(&self, program: F) -> Connection<'_, R, F>
    where
        F: FnMut(&mut Stream<'_, R>) -> StreamVerdict,
    {
        Connection { udp: true, ..self.connection(program) }
    }

    /// A listener of such a server, of which only the end is seen.
    pub fn listener<R: Pod, F>(&self, program: F) -> Connection<'_, R, F>
    where
        F: FnMut(&mut Stream<'_, R>) -> StreamVerdict,
    {
        Connection { listens: true, ..self.connection(program) }
    }
}

impl<R: Pod, F> Connection<'_, R, F>
where
    F: FnMut(&mut Stream<'_, R>) -> StreamVerdict,
{
    /// Bytes arrive from the client, over UDP as one datagram: `Ready`.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        match self.queue.back_mut() {
            Some(queue) if !self.udp => queue.extend(bytes),
            _ => self.queue.push_back(bytes.to_vec()),
        }
        self.passed = false;
        self.ready()
    }

    /// The server reads up to `asked` bytes: `Ready`, if something happened since the last one, then
    /// `Read`. Gives what the server gets; nothing when there is nothing to read.
    pub fn read(&mut self, asked: usize) -> Result<Vec<u8>, Fault> {
        let ready = self.ready();
        let queue = self.queue.pop_front();
        // That there is no datagram is seen, too.
        if queue.is_none() && !self.udp {
            return ready.map(|()| Vec::new());
        }
        let mut queue = queue.unwrap_or_default();
        let mut end = queue.len().min(asked);
        let result = ready.and_then(|()| {
            end = self.show_read(&queue[..end], asked)?;
            Ok(())
        });
        let rest = queue.split_off(end);
        if !self.udp && !rest.is_empty() {
            self.queue.push_front(rest);
        }
        self.passed = false;
        self.delivered.extend(&queue);
        result.map(|()| queue)
    }

    /// The server writes: `Wrote`, and `Ready` if there are bytes that it has not read.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.sent.extend(bytes);
        self.passed = false;
        let (mut at, mut begun) = (0, false);
        if self.is_quiet(ffi::REX_STREAM_QUIET_WROTE | ffi::REX_STREAM_QUIET_BYTES) {
            self.skip_written = self.skip_written.saturating_sub(bytes.len());
            at = bytes.len();
            if !self.is_quiet(ffi::REX_STREAM_QUIET_WROTE) {
                self.quiet |= ffi::REX_STREAM_QUIET_WROTE;
                let mut context = self.context(ffi::rex_stream_event_REX_STREAM_WROTE, &[]);
                context.tid = self.tid;
                self.run(&mut context)?;
            }
        }
        while self.next_piece(bytes, &mut at, &mut begun, Self::skip_written) {
            let piece = piece(bytes, at);
            at += piece.len();
            let mut context = self.context(ffi::rex_stream_event_REX_STREAM_WROTE, piece);
            context.tid = self.tid;
            context.flags |= if at < bytes.len() { ffi::REX_STREAM_MORE } else { 0 };
            self.run(&mut context)?;
            self.skip_written = context.skip as usize;
        }
        self.ready()
    }

    /// The socket closes: `Closed`, unless it is a connection without an event before. What was not
    /// read is lost.
    pub fn close(self) -> Result<(), Fault> {
        self.end(0)
    }

    /// The program is detached from the socket: `Closed`.
    pub fn detach(self) -> Result<(), Fault> {
        self.end(ffi::REX_STREAM_DETACHED)
    }

    fn end(mut self, flags: u32) -> Result<(), Fault> {
        if self.is_new && flags == 0 && !self.listens && !self.udp {
            return Ok(());
        }
        let mut context = self.context(ffi::rex_stream_event_REX_STREAM_CLOSED, &[]);
        context.flags |= flags | if self.listens { ffi::REX_STREAM_LISTENER } else { 0 };
        self.run(&mut context).map(|_| ())
    }

    /// Bytes passed that nobody saw: the next event says that it is lost.
    pub fn lose(&mut self) {
        self.is_lost = true;
    }

    /// The server reads what cannot be shown.
    pub fn read_unseen(&mut self, asked: usize) -> Result<(), Fault> {
        self.is_lost = true;
        let mut context = self.context(ffi::rex_stream_event_REX_STREAM_READ, &[]);
        (context.tid, context.asked) = (self.tid, asked as u32);
        context.flags |= if self.udp && self.named { ffi::REX_STREAM_NAMED } else { 0 };
        let result = self.run(&mut context).map(|_| ());
        self.is_lost = true;
        result
    }

    /// All that the client got: replies, and what the server wrote.
    pub fn sent(&self) -> &[u8] {
        &self.sent
    }

    /// All that the server read.
    pub fn delivered(&self) -> &[u8] {
        &self.delivered
    }

    /// What the server has not read yet.
    pub fn unread(&self) -> Vec<u8> {
        self.queue.iter().flatten().copied().collect()
    }

    /// The program's record of this socket.
    pub fn record(&self) -> R {
        // SAFETY: as many bytes as R has, aligned to 8 as rex.ko aligns them; any bytes are a value.
        unsafe { self.record.as_ptr().cast::<R>().read_unaligned() }
    }

    fn ready(&mut self) -> Result<(), Fault> {
        for _ in 0..TURNS {
            let is_empty = self.queue.front().is_none_or(Vec::is_empty);
            let is_quiet = self.is_quiet(ffi::REX_STREAM_QUIET_READY) || self.passed;
            if self.udp || is_quiet || is_empty || self.skip_read > 0 || self.send_room == 0 {
                break;
            }
            self.turn()?;
        }
        Ok(())
    }

    fn turn(&mut self) -> Result<(), Fault> {
        let mut queue = self.queue.pop_front().unwrap_or_default();
        let mut room = vec![0xa5; self.send_room.min(ffi::REX_STREAM_ROOM as usize)];
        let mut context = self.context(ffi::rex_stream_event_REX_STREAM_READY, piece(&queue, 0));
        context.reply = room.as_mut_ptr() as u64;
        context.room = room.len() as u32;
        let verdict = self.run(&mut context);
        self.passed = verdict == Ok(StreamVerdict::Pass);
        if let Ok(StreamVerdict::Answer(_)) = verdict {
            assert!(context.consume <= context.len && context.reply_len <= context.room);
            self.sent.extend(&room[..context.reply_len as usize]);
            queue.drain(..context.consume as usize);
        }
        if !queue.is_empty() {
            self.queue.push_front(queue);
        }
        verdict.map(|_| ())
    }

    /// Shows what a read is going to take. Gives how much of that it may take.
    fn show_read(&mut self, bytes: &[u8], asked: usize) -> Result<usize, Fault> {
        let (mut at, mut begun) = (0, false);
        while self.next_piece(bytes, &mut at, &mut begun, Self::skip_read) {
            let piece = piece(bytes, at);
            let start = at;
            at += piece.len();
            let mut context = self.context(ffi::rex_stream_event_REX_STREAM_READ, piece);
            context.tid = self.tid;
            context.asked = u32::try_from(asked).unwrap_or(u32::MAX);
            context.flags |= if at < bytes.len() { ffi::REX_STREAM_MORE } else { 0 };
            context.flags |= if bytes.len() == asked { ffi::REX_STREAM_FULL } else { 0 };
            context.flags |= if self.udp && self.named { ffi::REX_STREAM_NAMED } else { 0 };
            self.run(&mut context)?;
            self.quiet = context.quiet;
            assert!(context.limit <= context.len && (context.limit > 0 || context.len == 0));
            if context.limit < context.len {
                return Ok(start + context.limit as usize);
            }
            self.skip_read = context.skip as usize;
        }
        Ok(at)
    }

    /// Whether another piece of `bytes` is to be shown, behind what is to be skipped. An empty
    /// datagram has one.
    fn next_piece(
        &mut self,
        bytes: &[u8],
        at: &mut usize,
        begun: &mut bool,
        skip: fn(&mut Self) -> &mut usize,
    ) -> bool {
        let skip = skip(self);
        let skipped = (*skip).min(bytes.len() - *at);
        *skip -= skipped;
        *at += skipped;
        let is_empty_datagram = self.udp && bytes.is_empty() && !*begun;
        *begun = true;
        *at < bytes.len() || is_empty_datagram
    }

    fn is_quiet(&self, what: u32) -> bool {
        self.quiet & what != 0 && !self.is_lost && !self.udp
    }

    fn skip_read(&mut self) -> &mut usize {
        &mut self.skip_read
    }

    fn skip_written(&mut self) -> &mut usize {
        &mut self.skip_written
    }

    fn context(&mut self, event: u32, bytes: &[u8]) -> ffi::rex_stream {
        let generation = sockets::generation();
        self.is_lost |= generation != self.generation;
        self.generation = generation;
        if self.is_lost {
            self.record.fill(0);
            self.skip_read = 0;
            self.skip_written = 0;
            self.quiet = 0;
        }
        let is_new = self.is_new && !self.is_lost;
        ffi::rex_stream {
            data: bytes.as_ptr() as u64,
            reply: 0,
            record: self.record.as_mut_ptr() as u64,
            socket: self.id,
            sock: self.sock,
            len: bytes.len() as u32,
            room: 0,
            event,
            flags: if is_new { ffi::REX_STREAM_NEW } else { 0 }
                | if self.is_lost { ffi::REX_STREAM_LOST } else { 0 }
                | if self.udp { ffi::REX_STREAM_UDP } else { 0 }
                | if self.ipv6 { ffi::REX_STREAM_IPV6 } else { 0 },
            asked: 0,
            tid: 0,
            consume: 0,
            reply_len: 0,
            limit: bytes.len() as u32,
            skip: 0,
            quiet: 0,
            __reserved: 0,
        }
    }

    fn run(&mut self, context: &mut ffi::rex_stream) -> Result<StreamVerdict, Fault> {
        // SAFETY: the context and all that it points to live until this returns, and are used by
        // nobody else.
        let verdict = invoke(|| (self.program)(&mut unsafe { Stream::from_raw(context) }));
        self.is_new = false;
        self.is_lost = verdict.is_err();
        verdict
    }
}

/// As much as one event shows, from `at` on.
fn piece(bytes: &[u8], at: usize) -> &[u8] {
    &bytes[at..bytes.len().min(at + ffi::REX_STREAM_BYTES as usize)]
}
