// SPDX-License-Identifier: GPL-2.0-only
//! tcp_recvmsg(sk, msg, len, flags, addr_len) and tcp_sendmsg(sk, msg, size) of the server.

use super::conn::{self, Conn};
use super::rules::{Position, Trial};
use super::sink::{Commands, Supposed};
use super::{MSG_ODD, MSG_PEEK, quiet, server, user};
use crate::meta::{Meta, state};
use crate::proto::{Lost, Requests};
use crate::stats::{Stat, count};
use core::sync::atomic::Ordering::{Relaxed, SeqCst};
use rex::prelude::*;
use rex::probe::{UserAddr, read_user_bytes};
use rex::sock::{Message, SockAddr};
use rex::task;

/// A read that is over.
struct Read {
    sk: SockAddr,
    message: u64,
    asked: u64,
    /// Bytes that came, 0 also after an error.
    len: usize,
    /// Not simply the next bytes.
    odd: bool,
}

pub fn read(ctx: &Fexit<'_>) -> Option<()> {
    let meta = server()?;
    let &[sk, message, asked, flags, ..] = ctx.args() else { return None };
    if flags & MSG_PEEK != 0 {
        return None;
    }
    let len = usize::try_from(ctx.ret() as i32).unwrap_or(0);
    let read = Read { sk: SockAddr(sk), message, asked, len, odd: flags & MSG_ODD != 0 };
    count(Stat::Reads);
    if meta.state.load(Relaxed) != state::RUN {
        read.show(meta);
    }
    quiet::look(meta);
    match conn::find(ctx.scope(), sk) {
        Some(conn) if conn.is_of_the_past(meta) => {
            conn.pending.over(meta);
            conn::remove(sk);
            read.first(ctx.scope(), meta)
        }
        Some(conn) => conn.alone(meta, || read.next(meta, conn)),
        None => read.first(ctx.scope(), meta),
    }
}

pub fn write(ctx: &Fentry<'_>) -> Option<()> {
    let meta = server()?;
    let &[sk, message, ..] = ctx.args() else { return None };
    count(Stat::Replies);
    let conn = conn::find(ctx.scope(), sk)?;
    // Only who executes the commands knows by his write that they are.
    let tid = task::current().pid() as u32;
    if conn.tid.load(Relaxed) != tid {
        return None;
    }
    conn.alone(meta, || written(meta, conn, message))
}

impl Read {
    /// For the test that rexctl makes before it trusts us.
    #[cold]
    fn show(&self, meta: &Meta) {
        if let Some(ident) = self.sk.ident() {
            meta.last_port.store(ident.remote_port.into(), Relaxed);
        }
        meta.reads.fetch_add(1, SeqCst);
    }

    /// Of a connection that is not in the table.
    #[cold]
    fn first(&self, scope: Scope<'_>, meta: &'static Meta) -> Option<()> {
        let Some(conn) = conn::add(scope, meta, self.sk.0) else {
            conn::blind(meta);
            return None;
        };
        conn.alone(meta, || {
            let position = self.sk.tcp_position();
            // The end of the stream counts as one byte more.
            let from_the_start = position.is_some_and(|position| {
                position.app_read == self.len as u64
                    || position.app_read == self.len as u64 + 1 && self.is_ending()
            });
            if from_the_start {
                count(Stat::ConnsNew);
                conn.set_synced();
                meta.learn_rbuf_len(u32::try_from(self.asked).unwrap_or(u32::MAX));
            } else {
                count(Stat::ConnsUnsynced);
            }
            conn.copied_seq.store(position.map_or(0, |position| position.copied_seq), Relaxed);
            self.take(meta, conn);
        })
    }

    /// Of one that is.
    #[inline(always)]
    fn next(&self, meta: &'static Meta, conn: &Conn) {
        let after = self.sk.tcp_position().map(|position| position.copied_seq);
        let before = conn.copied_seq.load(Relaxed);
        let position = after.map(|after| Position::of(before, after, self.len as u32));
        conn.copied_seq.store(after.unwrap_or(before), Relaxed);
        match position {
            Some(Position::Next) => {}
            Some(Position::End) if self.is_ending() => {}
            _ => {
                conn.lose(meta, Stat::EpochLapse);
                // What was missed may have been the read that was not full.
                let mut progress = conn.pending.progress();
                progress.has_read(true);
                conn.pending.set_progress(progress);
            }
        }
        self.take(meta, conn);
    }

    /// Whether the peer has closed its side.
    #[cold]
    fn is_ending(&self) -> bool {
        const CLOSE: u8 = 7;
        const CLOSE_WAIT: u8 = 8;
        const LAST_ACK: u8 = 9;
        const CLOSING: u8 = 11;
        let state = self.sk.ident().map(|ident| ident.state);
        matches!(state, Some(CLOSE | CLOSE_WAIT | LAST_ACK | CLOSING))
    }

    #[inline(always)]
    fn take(&self, meta: &'static Meta, conn: &Conn) {
        let mut progress = conn.pending.progress();
        let mut requests = conn.requests();
        let boundary = conn.is_synced() && requests.at_boundary();
        let was_full = !progress.read(self.asked, meta.rbuf_len.load(Relaxed), boundary);
        conn.tid.store(task::current().pid() as u32, Relaxed);
        if !conn.is_synced() {
            conn.pending.set_progress(progress);
            return self.take_unsynced(meta, conn, was_full);
        }
        if !was_full {
            conn.pending.executed(meta);
        }
        progress.has_read(self.len as u64 >= self.asked);
        if self.len == 0 {
            return conn.pending.set_progress(progress);
        }
        let mut commands = Commands { meta, pending: &conn.pending, progress };
        let fed =
            self.bytes().and_then(|at| user::feed(&mut requests, at, self.len, &mut commands));
        conn.pending.set_progress(commands.progress);
        conn.set_requests(&requests);
        if fed.is_err() {
            conn.lose(meta, Stat::EpochUnsynced);
            conn.set_after_line(self.ends_line());
        }
    }

    #[inline(always)]
    fn bytes(&self) -> Result<UserAddr, Lost> {
        if self.odd {
            return Err(Lost);
        }
        Message::at(self.message).and_then(|message| message.received(self.len)).ok_or(Lost)
    }

    /// Something may be executed that nobody knows. It is pending already, and stays so.
    #[cold]
    fn take_unsynced(&self, meta: &Meta, conn: &Conn, was_full: bool) {
        let mut progress = conn.pending.progress();
        progress.has_read(self.len as u64 >= self.asked);
        conn.pending.set_progress(progress);
        conn.set_trial(None);
        if self.len == 0 {
            return;
        }
        conn.pending.anything(meta, Stat::EpochUnsynced);
        let tried = self.trial(meta, conn, was_full);
        if let Some((trial, requests, supposed)) = &tried {
            let mut progress = supposed.progress;
            progress.has_read(false);
            conn.pending.set_progress(progress);
            conn.set_requests(requests);
            conn.set_trial(Some(*trial));
        }
        conn.set_after_line(self.ends_line());
    }

    /// Whether the bytes are whole commands, if the first one begins with them.
    fn trial(
        &self,
        meta: &Meta,
        conn: &Conn,
        was_full: bool,
    ) -> Option<(Trial, Requests, Supposed)> {
        let at = self.bytes().ok()?;
        let mut first = [0];
        read_user_bytes(at, &mut first).ok()?;
        let binary = first == [0x80];
        let mut requests = if binary { Requests::binary() } else { Requests::text() };
        let mut supposed = Supposed::default();
        user::feed(&mut requests, at, self.len, &mut supposed).ok()?;
        if self.len as u64 >= self.asked || !requests.at_boundary() {
            return None;
        }
        let trial = Trial::of(
            conn.is_after_line() && !was_full,
            self.asked == u64::from(meta.rbuf_len.load(Relaxed)),
            binary,
            user::is_one_line(at, self.len),
            supposed.progress.is_one_command(),
        )?;
        Some((trial, requests, supposed))
    }

    /// Whether these bytes end a line, and the server's buffer had room for more.
    fn ends_line(&self) -> bool {
        let mut last = [0];
        let last_at = self.bytes().map(|at| at.offset(self.len as i64 - 1));
        (self.len as u64) < self.asked
            && last_at.is_ok_and(|at| read_user_bytes(at, &mut last).is_ok())
            && last == *b"\n"
    }
}

/// A write begins.
#[inline(always)]
fn written(meta: &Meta, conn: &Conn, message: u64) {
    let mut progress = conn.pending.progress();
    if !conn.is_synced() && !sync(conn, message) {
        return;
    }
    let executed =
        progress.write(|most| Message::at(message).and_then(|message| user::lines(&message, most)));
    conn.pending.set_progress(progress);
    if executed {
        conn.pending.executed(meta);
    }
}

/// Whether the write proves that the read before it began at the first byte of a command.
#[cold]
fn sync(conn: &Conn, message: u64) -> bool {
    let Some(trial) = conn.trial() else { return false };
    conn.set_trial(None);
    let head = Message::at(message).and_then(|message| user::head(&message));
    if !head.is_some_and(|head| trial.is_proven_by(&head)) {
        return false;
    }
    count(Stat::ConnsSynced);
    conn.set_synced();
    true
}
