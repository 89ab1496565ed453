// SPDX-License-Identifier: GPL-2.0-only
//! Sockets and messages, and the functions of rex_prog.h for them.
#![allow(clippy::missing_safety_doc)]

use super::helpers::{helpers, negative, status};
use crate::ffi;
use crate::sock::Message;
use core::ffi::{c_long, c_void};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A socket that programs find; see [`Session::add_socket`](super::Session::add_socket).
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Socket {
    pub family: u16,
    pub protocol: u16,
    pub state: u8,
    /// With those of IPv4 as `::ffff:a.b.c.d`; zeroes: any.
    pub local: [u8; 16],
    pub remote: [u8; 16],
    pub local_port: u16,
    pub remote_port: u16,
    pub netns: u32,
    pub mark: u32,
    pub copied_seq: u32,
    pub app_read: u64,
}

impl Default for Socket {
    /// An established TCP connection over IPv4 that nothing was read from.
    fn default() -> Self {
        Self {
            family: 2,
            protocol: 6,
            state: 1,
            local: v4([127, 0, 0, 1]),
            remote: v4([127, 0, 0, 1]),
            local_port: 80,
            remote_port: 40000,
            netns: 0xf000_0000,
            mark: 0,
            copied_seq: 1,
            app_read: 0,
        }
    }
}

fn v4(address: [u8; 4]) -> [u8; 16] {
    std::net::Ipv4Addr::from(address).to_ipv6_mapped().octets()
}

struct State {
    sockets: BTreeMap<u64, Socket>,
    /// From `struct socket` to `struct sock`.
    files: BTreeMap<u64, u64>,
    messages: BTreeMap<u64, Message>,
}

static STATE: Mutex<State> = Mutex::new(State {
    sockets: BTreeMap::new(),
    files: BTreeMap::new(),
    messages: BTreeMap::new(),
});

/// What the glue of a program has.
#[unsafe(no_mangle)]
static rex_program_generation: AtomicU32 = AtomicU32::new(1);

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn reset() {
    let mut state = state();
    state.sockets.clear();
    state.files.clear();
    state.messages.clear();
    set_generation(1);
}

pub(super) fn add(address: u64, socket: Socket) {
    state().sockets.insert(address, socket);
}

pub(super) fn remove(address: u64) {
    state().sockets.remove(&address);
}

pub(super) fn add_file(address: u64, sk: u64) {
    state().files.insert(address, sk);
}

pub(super) fn add_message(address: u64, message: Message) {
    state().messages.insert(address, message);
}

pub(super) fn generation() -> u32 {
    rex_program_generation.load(Relaxed)
}

pub(super) fn set_generation(generation: u32) {
    rex_program_generation.store(generation, Relaxed);
}

fn at(address: u64) -> Option<Socket> {
    state().sockets.get(&address).copied()
}

/// The one that a look-up has found.
fn of(socket: *const ffi::sock) -> Socket {
    at(socket as u64).expect("a socket that was found")
}

fn ident(socket: Socket) -> u64 {
    u64::from(socket.protocol) << 48
        | u64::from(socket.state) << 40
        | u64::from(socket.family) << 32
        | u64::from(socket.local_port) << 16
        | u64::from(socket.remote_port)
}

/// Writes the value, or zeroes.
///
/// # Safety
/// `to` is valid for writes of zeroable values.
unsafe fn give<T>(to: *mut T, value: Option<T>) -> c_long {
    // SAFETY: the caller's promise.
    unsafe {
        match value {
            Some(value) => {
                to.write(value);
                0
            }
            None => {
                to.write_bytes(0, 1);
                negative(ffi::EFAULT)
            }
        }
    }
}

/// The family, and the local address and port that a packet with these bytes in its tuple is for.
fn wanted(tuple: &[u8]) -> Option<(u16, [u8; 16], u16)> {
    let port = |at: usize| u16::from_be_bytes([tuple[at], tuple[at + 1]]);
    match tuple.len() {
        12 => Some((2, v4(tuple[4..8].try_into().ok()?), port(10))),
        36 => Some((10, tuple[16..32].try_into().ok()?, port(34))),
        _ => None,
    }
}

fn is_any(address: [u8; 16]) -> bool {
    address == [0; 16] || address == v4([0; 4])
}

helpers! {
    fn rex_socket_sock(socket: u64) -> u64 {
        state().files.get(&socket).copied().unwrap_or(0)
    }
    fn rex_sock_ident(sk: u64) -> u64 { at(sk).map_or(0, ident) }
    fn rex_sock_addrs(sk: u64, to: *mut ffi::rex_sock_addrs) -> c_long {
        give(to, at(sk).map(|socket| ffi::rex_sock_addrs {
            local: socket.local,
            remote: socket.remote,
            netns: socket.netns,
        }))
    }
    fn rex_tcp_position(sk: u64, to: *mut ffi::rex_tcp_position) -> c_long {
        give(to, at(sk).filter(|socket| socket.protocol == 6).map(|socket| ffi::rex_tcp_position {
            app_read: socket.app_read,
            copied_seq: socket.copied_seq,
            __reserved: 0,
        }))
    }
    fn rex_message(message: u64, to: *mut ffi::rex_message) -> c_long {
        give(to, state().messages.get(&message).map(Message::raw))
    }

    fn rex_sk_lookup(
        _ctx: *mut c_void, tuple: *const ffi::bpf_sock_tuple, size: u32, protocol: u32
    ) -> *mut ffi::sock {
        let tuple = std::slice::from_raw_parts(tuple.cast::<u8>(), size as usize);
        let Some((family, local, port)) = wanted(tuple) else { return std::ptr::null_mut() };
        let state = state();
        let found = state.sockets.iter().find(|(_, socket)| {
            socket.family == family
                && u32::from(socket.protocol) == protocol
                && socket.local_port == port
                && (socket.local == local || is_any(socket.local))
        });
        found.map_or(std::ptr::null_mut(), |(address, _)| *address as *mut ffi::sock)
    }
    fn rex_sk_release(socket: *mut ffi::sock) -> c_long {
        status(at(socket as u64).map(|_| ()))
    }
    fn rex_sk_state(socket: *const ffi::sock) -> u32 { of(socket).state.into() }
    fn rex_sk_family(socket: *const ffi::sock) -> u32 { of(socket).family.into() }
    fn rex_sk_mark(socket: *const ffi::sock) -> u32 { of(socket).mark }
    fn rex_sk_local_port(socket: *const ffi::sock) -> u32 { of(socket).local_port.into() }
}
