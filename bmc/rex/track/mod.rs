// SPDX-License-Identifier: GPL-2.0-only
//! What memcached reads and writes in its system calls: which keys are changing, and what their
//! values are. docs/bmc-protocol.md says why this is enough.

pub mod conn;
mod end;
pub mod expiry;
pub mod quiet;
pub mod rules;
pub mod sink;
mod tcp;
#[cfg(test)]
mod tests;
mod udp;
mod user;

use crate::meta::{self, Meta, state};
use core::sync::atomic::Ordering::Relaxed;
use rex::prelude::*;
use rex::task;

const MSG_PEEK: u64 = 2;
/// Flags of reads that give something else than the next bytes: out-of-band data, no data at all,
/// the error queue.
const MSG_ODD: u64 = 0x1 | 0x20 | 0x2000;

/// Whether it is the server that calls.
#[inline(always)]
fn server() -> Option<&'static Meta> {
    let meta = meta::get();
    let server = meta.server.load(Relaxed);
    let ours =
        server != 0 && meta.state.load(Relaxed) != state::OFF && task::current().tgid() == server;
    ours.then_some(meta)
}

#[rex_fexit]
pub fn tcp_read(ctx: &Fexit<'_>) -> rex::Result {
    tcp::read(ctx);
    Ok(0)
}

#[rex_fentry]
pub fn tcp_write(ctx: &Fentry<'_>) -> rex::Result {
    tcp::write(ctx);
    Ok(0)
}

#[rex_fexit]
pub fn udp_read(ctx: &Fexit<'_>) -> rex::Result {
    udp::read(ctx);
    Ok(0)
}

#[rex_fentry]
pub fn udp_write(ctx: &Fentry<'_>) -> rex::Result {
    udp::write(ctx);
    Ok(0)
}

/// inet_release(sock)
#[rex_fentry]
pub fn closed(ctx: &Fentry<'_>) -> rex::Result {
    end::closed(ctx);
    Ok(0)
}

/// sched_process_exit(task, ...)
#[rex_raw_tracepoint]
pub fn exited(_ctx: &RawTracepoint<'_>) -> rex::Result {
    end::exited();
    Ok(0)
}
