// SPDX-License-Identifier: GPL-2.0-only
//! From here on, the server is not to be relied on.

use crate::address;
use crate::meta::{self, Meta, state};
use crate::stats::Stat;
use core::sync::atomic::Ordering::{Relaxed, SeqCst};

/// The server has closed a listener or a UDP socket: it ends, and another one can take the port.
#[cold]
pub fn gone(meta: &Meta) {
    let server = meta.server.load(Relaxed);
    // First, no more hits.
    let _ = meta.state.compare_exchange(state::RUN, state::TRACK, SeqCst, Relaxed);
    meta::bump_epoch(Stat::EpochServer);
    meta.server_deaths.fetch_add(1, SeqCst);
    address::forget_sockets();
    let _ = meta.server.compare_exchange(server, 0, SeqCst, Relaxed);
}

/// The program is being detached from a socket of the server: what comes next there passes unseen.
#[cold]
pub fn detached(meta: &Meta) {
    meta.state.store(state::OFF, SeqCst);
    meta::bump_epoch(Stat::EpochLapse);
    address::forget_sockets();
}
