// SPDX-License-Identifier: GPL-2.0-only
//! What a server reads and writes, and what becomes of the cache, when nothing is answered over TCP.

mod expiry;
mod fill;
mod model;
mod tcp;
mod udp;

use super::*;
use std::cell::{Cell, RefCell};

/// A server, seen by its calls.
struct Server {
    session: Session,
    next: Cell<u64>,
    thread: Cell<u32>,
}

/// The accelerator runs.
fn server() -> Server {
    let session = start();
    meta::get().tcp.store(0, SeqCst);
    crate::address::forget_sockets();
    Server { session, next: Cell::new(0x10_0000), thread: Cell::new(1) }
}

impl Server {
    /// Calls are from now on made by this thread.
    fn thread(&self, n: u32) {
        self.thread.set(n);
    }

    /// A new address.
    fn address(&self) -> u64 {
        self.next.set(self.next.get() + 0x1000);
        self.next.get()
    }

    fn tcp(&self) -> Tcp<'_> {
        Tcp { server: self, connection: connect(&self.session) }
    }

    fn udp(&self) -> Udp<'_> {
        let program = sockets as fn(&mut Stream<'_, Conn>) -> StreamVerdict;
        let mut socket = self.session.udp_socket(program);
        socket.sock = self.address();
        Udp { server: self, socket: RefCell::new(socket) }
    }

    /// Puts a value into the cache as a client does that asks for it.
    fn cache(&self, key: &str, value: &str) {
        let thread = self.thread.replace(99);
        let udp = self.udp();
        udp.get(&[key]);
        udp.reply(&[&value_text(key, value), b"END\r\n"]);
        self.thread(thread);
    }
}

fn value_text(key: &str, value: &str) -> Vec<u8> {
    format!("VALUE {key} 0 {}\r\n{value}\r\n", value.len()).into_bytes()
}

/// A TCP connection.
struct Tcp<'a> {
    server: &'a Server,
    connection: super::Tcp<'a>,
}

impl Tcp<'_> {
    /// Bytes that nobody saw being read.
    fn skip(&mut self) {
        self.connection.lose();
    }

    fn read_asking(&mut self, bytes: &[u8], asked: usize) {
        self.connection.tid = self.server.thread.get();
        self.connection.receive(bytes).expect("no fault");
        assert_eq!(self.connection.read(asked).expect("no fault"), bytes);
    }

    fn read(&mut self, text: &str) {
        self.read_asking(text.as_bytes(), RBUF);
    }

    /// A read that shows what became of those before it.
    fn read_on(&mut self) {
        self.read("version\r\n");
        self.write(&[b"VERSION 1\r\n"]);
    }

    fn write(&mut self, pieces: &[&[u8]]) {
        self.connection.tid = self.server.thread.get();
        self.connection.write(&pieces.concat()).expect("no fault");
    }

    fn close(self) {
        self.connection.close().expect("no fault");
    }
}

/// A UDP socket.
struct Udp<'a> {
    server: &'a Server,
    socket: RefCell<super::Tcp<'a>>,
}

const FRAME: [u8; 8] = [7, 7, 0, 0, 0, 1, 0, 0];

impl Udp<'_> {
    /// A datagram, if there is one, and a read of so many bytes.
    fn run(&self, datagram: Option<&[u8]>, asked: usize, named: bool) {
        let mut socket = self.socket.borrow_mut();
        if let Some(bytes) = datagram {
            socket.receive(bytes).expect("no fault");
        }
        (socket.tid, socket.named) = (self.server.thread.get(), named);
        socket.read(asked).expect("no fault");
    }

    fn datagram(&self, bytes: &[u8]) {
        self.run(Some(bytes), 65536, true);
    }

    fn read(&self, text: &str) {
        self.datagram(&[&FRAME, text.as_bytes()].concat());
    }

    fn get(&self, keys: &[&str]) {
        self.read(&format!("get {}\r\n", keys.join(" ")));
    }

    /// A read of the bytes of a value.
    fn read_value(&self, bytes: &[u8], asked: usize) {
        self.run((!bytes.is_empty()).then_some(bytes), asked, false);
    }

    fn nothing(&self) {
        self.run(None, 65536, true);
    }

    fn write(&self, pieces: &[&[u8]]) {
        let mut socket = self.socket.borrow_mut();
        socket.tid = self.server.thread.get();
        socket.write(&pieces.concat()).expect("no fault");
    }

    fn reply(&self, pieces: &[&[u8]]) {
        self.write(&[&[&FRAME[..]], pieces].concat());
    }
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
