// SPDX-License-Identifier: GPL-2.0-only
//! Both entries against the mock of rex.ko: frames in, frames out.
//!
//! What is expected is built here from scratch, with nothing of the program.

mod fill;
mod frames;
mod fuzz;
mod hit;
mod pass;
mod race;
mod shared;

use crate::stats::{Stat, counted};
use crate::{egress, ingress};
use rex::mock::{Packet, Session};
use rex::prelude::*;

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
}

/// `ingress` answers the frame with that one.
#[track_caller]
fn answers(session: &Session, request: &[u8], reply: &[u8]) {
    let (verdict, frame) = run(session, request);
    assert_eq!(verdict, XdpVerdict::Tx);
    assert_eq!(frame, reply);
}

/// Runs `egress`, which touches no packet and has no verdict of its own.
#[track_caller]
fn sends(session: &Session, mut packet: Packet) {
    let before = packet.bytes().to_vec();
    assert_eq!(session.run_tc(egress, &mut packet), Ok(TcVerdict::Unspec));
    assert_eq!(packet.bytes(), before, "the frame was touched");
    assert_eq!(session.locks_held(), 0);
}

/// By how much a counter goes up in `run`.
fn counts<R>(which: Stat, run: impl FnOnce() -> R) -> u64 {
    let before = counted(which);
    run();
    counted(which) - before
}
