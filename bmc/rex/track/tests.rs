// SPDX-License-Identifier: GPL-2.0-only
//! The entries at system calls against the mock of rex.ko: what a server reads and writes, and what
//! becomes of the cache.

mod expiry;
mod fill;
mod model;
mod tcp;
mod udp;

use super::{closed, exited, tcp_read, tcp_write, udp_read, udp_write};
use crate::meta::{self, NEVER, state};
use crate::store;
use rex::mock::{Session, Socket, Task};
use rex::prelude::*;
use rex::sock::Message;
use std::cell::Cell;
use std::sync::atomic::Ordering::SeqCst;

const SERVER: i32 = 1000;
const EAGAIN: i64 = -11;
/// What is asked for at the start of a command.
const RBUF: usize = 16384;
/// A second, in coarse time.
const SECOND: u32 = 7;

/// A server, seen by its system calls.
struct Server {
    session: Session,
    next: Cell<u64>,
}

/// The accelerator runs.
fn server() -> Server {
    let session = Session::new();
    let meta = meta::get();
    meta.seed.store(0x1234_5678_9abc_def0, SeqCst);
    meta.server.store(SERVER, SeqCst);
    meta.quiet_from.store(NEVER, SeqCst);
    meta.max_age.store(SECOND, SeqCst);
    meta.generation.store(1, SeqCst);
    meta.state.store(state::RUN, SeqCst);
    session.set_time_ns(1000 << meta::TIME_SHIFT);
    let server = Server { session, next: Cell::new(0x10_0000) };
    server.thread(1);
    server
}

impl Server {
    /// System calls are from now on made by this thread.
    fn thread(&self, n: i32) {
        self.session.set_current(Task { pid: SERVER + n, tgid: SERVER, ..Task::default() });
    }

    /// A new address.
    fn address(&self) -> u64 {
        self.next.set(self.next.get() + 0x1_0000);
        self.next.get()
    }

    fn memory(&self, bytes: &[u8]) -> u64 {
        let at = self.address();
        self.session.map_memory(at, bytes);
        at
    }

    fn message(&self, message: Message) -> u64 {
        let at = self.address();
        self.session.add_message(at, message);
        at
    }

    /// A message that is written, in pieces.
    fn pieces(&self, pieces: &[&[u8]]) -> u64 {
        let mut ranges = Vec::new();
        for piece in pieces {
            ranges.extend(self.memory(piece).to_ne_bytes());
            ranges.extend((piece.len() as u64).to_ne_bytes());
        }
        let count = pieces.iter().map(|piece| piece.len() as u64).sum();
        self.message(Message::user_ranges(self.memory(&ranges), pieces.len() as u64, count))
    }

    /// What is left of a message after a read that asked for so much.
    fn received(&self, bytes: &[u8], asked: usize) -> Message {
        let left = asked - bytes.len();
        Message::user_buffer(self.memory(bytes), bytes.len() as u64, left as u64)
    }

    fn tcp(&self) -> Tcp<'_> {
        let sk = self.address();
        let tcp = Tcp { server: self, sk, seq: 0xffff_fff0, read: 0, state: 1 };
        tcp.set_socket();
        tcp
    }

    fn udp(&self) -> Udp<'_> {
        let sk = self.address();
        let socket = Socket { protocol: 17, local_port: 11211, state: 7, ..Socket::default() };
        self.session.add_socket(sk, socket);
        Udp { server: self, sk }
    }

    /// Puts a value into the cache as a client does that asks for it.
    fn cache(&self, key: &str, value: &str) {
        self.thread(99);
        let udp = self.udp();
        udp.get(&[key]);
        udp.reply(&[&value_text(key, value), b"END\r\n"]);
        self.thread(1);
    }
}

fn value_text(key: &str, value: &str) -> Vec<u8> {
    format!("VALUE {key} 0 {}\r\n{value}\r\n", value.len()).into_bytes()
}

/// A TCP connection.
struct Tcp<'a> {
    server: &'a Server,
    sk: u64,
    seq: u32,
    read: u64,
    state: u8,
}

impl Tcp<'_> {
    fn set_socket(&self) {
        let socket = Socket {
            local_port: 11211,
            copied_seq: self.seq,
            app_read: self.read,
            state: self.state,
            ..Socket::default()
        };
        self.server.session.add_socket(self.sk, socket);
    }

    /// Bytes that nobody saw being read.
    fn skip(&mut self, len: usize) {
        self.seq = self.seq.wrapping_add(len as u32);
        self.read += len as u64;
        self.set_socket();
    }

    fn read_asking(&mut self, bytes: &[u8], asked: usize) {
        self.skip(bytes.len());
        let message = self.server.message(self.server.received(bytes, asked));
        let args = [self.sk, message, asked as u64, 0, 0];
        let ret = if bytes.is_empty() { EAGAIN } else { bytes.len() as i64 };
        self.server.session.run_fexit(tcp_read, &args, ret as u64).expect("no fault");
    }

    fn read(&mut self, text: &str) {
        self.read_asking(text.as_bytes(), RBUF);
    }

    /// A read that finds nothing.
    fn nothing(&mut self) {
        self.read_asking(b"", RBUF);
    }

    /// A read that finds the end.
    fn end(&mut self) {
        self.state = 8;
        self.skip(1);
        let message = self.server.message(self.server.received(b"", RBUF));
        let args = [self.sk, message, RBUF as u64, 0, 0];
        self.server.session.run_fexit(tcp_read, &args, 0).expect("no fault");
    }

    fn write(&self, pieces: &[&[u8]]) {
        let len = pieces.iter().map(|piece| piece.len() as u64).sum();
        let args = [self.sk, self.server.pieces(pieces), len];
        self.server.session.run_fentry(tcp_write, &args).expect("no fault");
    }

    fn close(self) {
        let file = self.server.address();
        self.server.session.add_socket_file(file, self.sk);
        self.server.session.run_fentry(closed, &[file]).expect("no fault");
        self.server.session.remove_socket(self.sk);
    }
}

/// A UDP socket.
struct Udp<'a> {
    server: &'a Server,
    sk: u64,
}

const FRAME: [u8; 8] = [7, 7, 0, 0, 0, 1, 0, 0];

impl Udp<'_> {
    fn run(&self, message: Message, asked: u64, ret: i64) {
        let args = [self.sk, self.server.message(message), asked, 0, 0];
        self.server.session.run_fexit(udp_read, &args, ret as u64).expect("no fault");
    }

    fn read(&self, text: &str) {
        let bytes = [&FRAME, text.as_bytes()].concat();
        let message = self.server.received(&bytes, 65536).with_name();
        self.run(message, 65536, bytes.len() as i64);
    }

    fn get(&self, keys: &[&str]) {
        self.read(&format!("get {}\r\n", keys.join(" ")));
    }

    /// A read of the bytes of a value.
    fn read_value(&self, bytes: &[u8], asked: usize) {
        self.run(self.server.received(bytes, asked), asked as u64, bytes.len() as i64);
    }

    fn nothing(&self) {
        self.run(self.server.received(b"", 65536).with_name(), 65536, EAGAIN);
    }

    fn write(&self, pieces: &[&[u8]]) {
        let len = pieces.iter().map(|piece| piece.len() as u64).sum();
        let args = [self.sk, self.server.pieces(pieces), len];
        self.server.session.run_fentry(udp_write, &args).expect("no fault");
    }

    fn reply(&self, pieces: &[&[u8]]) {
        self.write(&[&[&FRAME[..]], pieces].concat());
    }
}

/// Whether a value of the key that is read now could be put into the cache.
fn quiet(key: &str) -> bool {
    store::candidate(store::hash(key.as_bytes())).is_some()
}

fn cached(key: &str) -> bool {
    let (epoch, now) = (meta::get().epoch.load(SeqCst), meta::now());
    store::find(store::hash(key.as_bytes()), key.as_bytes(), epoch, now).is_ok()
}

fn epoch() -> u32 {
    meta::get().epoch.load(SeqCst)
}

fn pending_all() -> u32 {
    meta::get().pending_all.load(SeqCst)
}

fn hidden() -> u32 {
    meta::get().hidden.load(SeqCst)
}

fn blind() -> bool {
    meta::get().blind.load(SeqCst) != 0
}
