// SPDX-License-Identifier: GPL-2.0-only
//! The server's sockets: what it reads and writes there, and over TCP, answers in its place.
//! docs/bmc-protocol.md says why they are right.

mod bypass;
mod conn;
mod datagram;
mod order;
mod ready;
#[cfg(test)]
mod tests;
mod udp;
mod values;
mod words;

use crate::meta::{self, Meta, state};
use crate::stats::{Stat, count};
use crate::track::pending::blind;
use crate::track::{end, quiet};
use conn::{Conn, Given, Read};
use core::sync::atomic::Ordering::{Relaxed, SeqCst};
use ready::Answer;
use rex::prelude::*;

#[rex_stream]
pub fn sockets(ctx: &mut Stream<'_, Conn>) -> StreamVerdict {
    let meta = meta::get();
    if ctx.is_udp() || ctx.is_listener() || ctx.is_detached() {
        other(ctx, meta);
        return StreamVerdict::Pass;
    }
    let (new, lost) = (ctx.is_new(), ctx.is_lost());
    let (event, conn) = ctx.split();
    if is_off(meta) {
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
        // The server is about to read what cannot be shown.
        StreamEvent::Read(read) if lost && read.bytes().is_empty() => {
            blind(meta, Stat::EpochLapse);
        }
        StreamEvent::Read(mut read) => {
            reads(meta);
            let whole = !read.is_full() && !read.has_more();
            if conn.bypasses(meta, read.bytes(), whole, read.tid()) {
                read.without_ready();
                read.without_wrote();
            } else if conn.takes_set(meta, read.bytes(), whole, read.tid()) {
                read.without_ready();
                read.without_written_bytes();
            } else {
                let given = conn.read(meta, &shown(&read));
                give(&mut read, given);
            }
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

/// Whether nothing is tracked.
#[inline(always)]
fn is_off(meta: &Meta) -> bool {
    meta.state.load(Relaxed) == state::OFF || meta.server.load(Relaxed) == 0
}

#[inline(always)]
fn reads(meta: &Meta) {
    count(Stat::Reads);
    quiet::look(meta);
    if meta.state.load(Relaxed) != state::RUN {
        // For the test that rexctl makes before it trusts us.
        meta.reads.fetch_add(1, SeqCst);
    }
}

/// UDP, and the end of what is relied on.
#[inline(never)]
fn other(ctx: &mut Stream<'_, Conn>, meta: &'static Meta) {
    let is_detached = ctx.is_detached();
    let is_lost = ctx.is_lost();
    let socket =
        udp::Socket { meta, scope: ctx.scope(), id: ctx.socket(), sock: ctx.sock(), is_lost };
    let (event, conn) = ctx.split();
    match event {
        StreamEvent::Closed if is_detached => {
            // First, no more hits.
            if meta.server.load(Relaxed) != 0 {
                end::detached(meta);
            }
            conn.over(meta);
            conn.forget();
        }
        _ if is_off(meta) => conn.datagram().close(),
        StreamEvent::Closed => end::gone(meta),
        StreamEvent::Read(read) => {
            reads(meta);
            let shown = udp::Read {
                bytes: read.bytes(),
                more: read.has_more(),
                named: read.asks_for_sender(),
                tid: read.tid(),
            };
            socket.read(conn.datagram(), &shown);
        }
        StreamEvent::Wrote(wrote) => {
            count(Stat::Replies);
            socket.wrote(wrote.bytes(), wrote.has_more(), wrote.tid());
        }
        StreamEvent::Ready(_) => {}
    }
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
fn give(read: &mut rex::stream::Read<'_>, given: Given) {
    if given.limit < read.bytes().len() {
        read.limit(given.limit);
    }
    read.skip(given.skip);
    if given.quiet {
        read.without_ready();
        read.without_written_bytes();
    }
}

#[inline(always)]
fn answer(meta: &Meta, conn: &mut Conn, mut ready: rex::stream::Ready<'_>) -> StreamVerdict {
    if !conn.is_our_turn(meta, meta::now()) {
        return StreamVerdict::Pass;
    }
    let Answer { consumed, len, keys } = ready::answer(ready.bytes(), ready.room());
    if keys != 0 {
        conn.answered();
    }
    ready.consume(consumed);
    ready.filled(len);
    ready.answer()
}
