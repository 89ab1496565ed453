// SPDX-License-Identifier: GPL-2.0-only
//! Connections end, and so does the server.

use super::conn;
use crate::address;
use crate::meta::{self, state};
use crate::stats::Stat;
use core::sync::atomic::Ordering::{Relaxed, SeqCst};
use rex::prelude::*;
use rex::{sock, task};

/// inet_release(sock), of whichever process: the last one that had the socket has closed it.
pub fn closed(ctx: &Fentry<'_>) -> Option<()> {
    let sk = sock::of_socket(ctx.arg(0)?)?.0;
    let conn = conn::find(ctx.scope(), sk)?;
    let meta = meta::get();
    conn.alone(meta, || conn.pending.over(meta));
    conn::remove(sk);
    Some(())
}

/// The current thread exits.
pub fn exited() {
    let meta = meta::get();
    let server = meta.server.load(Relaxed);
    let task = task::current();
    // The first thread: others may end while the process lives.
    if server == 0 || task.tgid() != server || task.pid() != server {
        return;
    }
    // First, no more hits.
    let _ = meta.state.compare_exchange(state::RUN, state::TRACK, SeqCst, Relaxed);
    meta::bump_epoch(Stat::EpochServer);
    meta.server_deaths.fetch_add(1, SeqCst);
    address::forget_sockets();
    let _ = meta.server.compare_exchange(server, 0, SeqCst, Relaxed);
}
