// SPDX-License-Identifier: GPL-2.0-only
//! The server's TCP connections, at the sockets themselves: what it reads and writes there, and
//! answers in its place. docs/bmc-protocol.md says why they are right.

mod conn;
mod order;
mod ready;
#[cfg(test)]
mod tests;
mod values;

use crate::meta::{self, Meta, state};
use crate::stats::{Stat, count};
use crate::track::quiet;
use conn::{Conn, Given, Read};
use core::sync::atomic::Ordering::{Relaxed, SeqCst};
use rex::prelude::*;

#[rex_stream]
pub fn tcp(ctx: &mut Stream<'_, Conn>) -> StreamVerdict {
    if ctx.is_udp() {
        return StreamVerdict::Pass;
    }
    let meta = meta::get();
    let new = ctx.is_new();
    let (event, conn) = ctx.split();
    if meta.state.load(Relaxed) == state::OFF || meta.server.load(Relaxed) == 0 {
        // What follows is not from the first byte on.
        if let StreamEvent::Closed = event {
            conn.over(meta);
        }
        conn.forget();
        return StreamVerdict::Pass;
    }
    conn.begin(meta, new);
    match event {
        StreamEvent::Ready(ready) => return answer(meta, conn, ready),
        StreamEvent::Read(mut read) => {
            count(Stat::Reads);
            quiet::look(meta);
            if meta.state.load(Relaxed) != state::RUN {
                // For the test that rexctl makes before it trusts us.
                meta.reads.fetch_add(1, SeqCst);
            }
            let Given { limit, skip } = conn.read(meta, &shown(&read));
            if limit < read.bytes().len() {
                read.limit(limit);
            }
            read.skip(skip);
        }
        StreamEvent::Wrote(mut wrote) => {
            count(Stat::Replies);
            let skip = conn.wrote(meta, wrote.bytes(), wrote.tid());
            wrote.skip(skip);
        }
        StreamEvent::Closed => {
            conn.over(meta);
            conn.forget();
        }
    }
    StreamVerdict::Pass
}

fn shown<'a>(read: &rex::stream::Read<'a>) -> Read<'a> {
    Read {
        bytes: read.bytes(),
        asked: read.asked(),
        full: read.is_full(),
        more: read.has_more(),
        tid: read.tid(),
    }
}

#[inline(always)]
fn answer(meta: &Meta, conn: &Conn, mut ready: rex::stream::Ready<'_>) -> StreamVerdict {
    if !conn.is_our_turn(meta, meta::now()) {
        return StreamVerdict::Pass;
    }
    let (consumed, len) = ready::answer(ready.bytes(), ready.room());
    ready.consume(consumed);
    ready.filled(len);
    ready.answer()
}
