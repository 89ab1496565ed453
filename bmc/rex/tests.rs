// SPDX-License-Identifier: GPL-2.0-only
//! `ingress` and the store against the mock of rex.ko: frames in, frames out.
//!
//! What is expected is built here from scratch, with nothing of the program.

mod address;
mod frames;
mod fuzz;
mod hit;
mod hitratio;
mod pages;
mod pass;
mod race;
#[allow(dead_code, reason = "shared with bmc/tests/agree, which needs more of it")]
#[path = "../tests/agree/random.rs"]
pub mod random;
mod several;
mod shared;
mod store;
mod ways;

use crate::ingress;
use crate::meta::{self, NEVER, state};
use crate::stats::{Stat, counted};
use crate::store::{Refused, candidate, fill, hash};
use frames::{SERVER, SERVER6, block};
use random::Random;
use rex::mock::{Packet, Session, Socket};
use rex::prelude::*;
use std::net::IpAddr;
use std::sync::atomic::Ordering::Relaxed;

/// The server's UDP socket.
const SOCKET: u64 = 0xffff_8880_1234_5000;

/// The accelerator at work, in front of a server at SERVER and SERVER6.
fn start() -> Session {
    let session = Session::new();
    let meta = meta::get();
    meta.state.store(state::RUN, Relaxed);
    meta.quiet_from.store(NEVER, Relaxed);
    meta.seed.store(0x0123_4567_89ab_cdef, Relaxed);
    meta.udp_port.store(SERVER.port.into(), Relaxed);
    meta.generation.store(rex::program::generation(), Relaxed);
    crate::address::forget_sockets();
    for (i, server) in [SERVER, SERVER6].into_iter().enumerate() {
        add_socket(&session, SOCKET + i as u64, server.ip);
        crate::address::server_socket(SOCKET + i as u64);
        session.add_local_address(server.ip, 0);
    }
    session
}

/// A UDP socket at the server's port.
fn add_socket(session: &Session, id: u64, ip: IpAddr) {
    let (family, local) = match ip {
        ip if ip.is_unspecified() => (if ip.is_ipv4() { 2 } else { 10 }, [0; 16]),
        IpAddr::V4(ip) => (2, ip.to_ipv6_mapped().octets()),
        IpAddr::V6(ip) => (10, ip.octets()),
    };
    let socket = Socket {
        family,
        local,
        protocol: 17,
        state: 7,
        local_port: SERVER.port,
        ..Socket::default()
    };
    session.add_socket(id, socket);
}

/// A value that memcached gave out, as long as nothing came in between.
fn try_put(key: &[u8], value: &[u8]) -> Result<(), Refused> {
    let candidate = candidate(hash(key)).expect("nothing is pending");
    fill(&candidate, key.len(), &block(key, value), NEVER)
}

#[track_caller]
fn put(key: &[u8], value: &[u8]) {
    assert_eq!(try_put(key, value), Ok(()));
}

/// The same with `key` in the cache.
fn filled() -> Session {
    let session = start();
    put(b"key", b"value");
    session
}

/// Runs `ingress` on a frame: its verdict, and the frame afterwards.
fn run(session: &Session, frame: &[u8]) -> (XdpVerdict, Vec<u8>) {
    let mut packet = Packet::new(frame);
    let verdict = session.run_xdp(ingress, &mut packet).expect("no fault");
    (verdict, packet.bytes().to_vec())
}

/// `ingress` lets the packet pass as it is.
#[track_caller]
fn passes(session: &Session, mut packet: Packet) {
    let before = packet.bytes().to_vec();
    assert_eq!(session.run_xdp(ingress, &mut packet), Ok(XdpVerdict::Pass));
    assert_eq!(packet.bytes(), before, "the frame was touched");
    assert_eq!(session.locks_held(), 0);
}

/// `ingress` lets the packet pass as it is, and counts it as that.
#[track_caller]
fn passes_as(session: &Session, which: Stat, frame: &[u8]) {
    let before = counted(which);
    passes(session, Packet::new(frame));
    assert_eq!(counted(which) - before, 1, "{which:?}");
}

/// `ingress` answers the frame with that one.
#[track_caller]
fn answers(session: &Session, request: &[u8], reply: &[u8]) {
    let (verdict, frame) = run(session, request);
    assert_eq!(verdict, XdpVerdict::Tx);
    assert_eq!(frame.escape_ascii().to_string(), reply.escape_ascii().to_string());
}

/// By how much a counter goes up in `run`.
fn counts<R>(which: Stat, run: impl FnOnce() -> R) -> u64 {
    let before = counted(which);
    run();
    counted(which) - before
}
