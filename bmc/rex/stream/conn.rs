// SPDX-License-Identifier: GPL-2.0-only
//! One TCP connection of the server: what it reads and writes, and what becomes of the cache.

use super::bypass::Bypass;
use super::datagram::Datagram;
use super::order::Order;
use super::ready;
use super::values::Candidates;
use super::words;
use crate::get::Question;
use crate::meta::{self, Meta, state};
use crate::proto::{self, Complete, Effect, Lost, Requests, Sink, WORDS};
use crate::stats::{Stat, add, count};
use crate::track::pending::{Pending, PendingWords};
use crate::track::rules::{Progress, Trial};
use crate::track::sink::{self, Commands, Supposed};
use core::sync::atomic::Ordering::Relaxed;
use rex::prelude::*;

/// What is remembered of a connection; all zeroes: nothing.
#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub struct Conn {
    flags: u32,
    /// `Meta::era` and `Meta::server_deaths` when it began.
    era: u32,
    life: u32,
    /// The thread that read last.
    tid: u32,
    /// When memcached last got a command.
    active: u32,
    /// So many reads in a row were one change each.
    changes: u32,
    bypass: Bypass,
    order: Order,
    pending: PendingWords,
    /// Of the GETs that memcached has read.
    candidates: Candidates,
    /// [`Requests`]
    words: [u64; WORDS],
}

/// Not all zeroes.
const KNOWN: u32 = 1;
/// Where the next command begins is known.
const SYNCED: u32 = 2;
// [`Trial::FLAGS`] are 4, 8 and 16.
/// Nothing has been read yet.
const FRESH: u32 = 32;
/// The last bytes that were read ended a line, and a read that was not full.
const AFTER_LINE: u32 = 64;
/// More of the last read comes.
const MID_READ: u32 = 128;

/// A read that is about to be done.
pub struct Read<'a> {
    pub bytes: &'a [u8],
    pub asked: u32,
    /// The bytes fill the server's buffer.
    pub full: bool,
    /// More of the same read comes.
    pub more: bool,
    pub tid: u32,
}

/// What memcached gets of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given {
    /// So many of the bytes.
    pub limit: usize,
    /// So many bytes behind them need not be shown.
    pub skip: u32,
    /// Before the next read, what comes need not be shown, and of what is written, only that
    /// something is.
    pub quiet: bool,
}

/// After so many changes in a row, another one is more likely than a GET that could be answered.
const CHANGES: u32 = 16;

impl Given {
    fn all(bytes: &[u8]) -> Self {
        Self { limit: bytes.len(), skip: 0, quiet: false }
    }
}

impl Conn {
    /// Before anything else is done with it. `new`: it has just begun.
    #[inline(always)]
    pub fn begin(&mut self, meta: &Meta, new: bool) {
        let same = self.flags & KNOWN != 0 && self.era == meta.era.load(Relaxed);
        if !same || self.life != meta.server_deaths.load(Relaxed) {
            self.begin_anew(meta, new);
        }
    }

    #[cold]
    fn begin_anew(&mut self, meta: &Meta, new: bool) {
        if self.flags & KNOWN != 0 {
            self.over(meta);
        }
        self.forget();
        self.flags = if new { KNOWN | SYNCED | FRESH } else { KNOWN };
        (self.era, self.life) = (meta.era.load(Relaxed), meta.server_deaths.load(Relaxed));
        count(if new { Stat::ConnsNew } else { Stat::ConnsUnsynced });
    }

    /// Nothing is known any more, and nothing is counted elsewhere.
    pub fn forget(&mut self) {
        self.flags = 0;
        self.candidates.clear();
        self.pending = [0; _];
        self.bypass = Bypass::NONE;
        self.changes = 0;
        self.order.all_written();
        self.set_requests(&Requests::new());
    }

    /// Whatever was read is executed, or never will be.
    pub fn over(&mut self, meta: &Meta) {
        // rexctl has emptied all tables since: nothing is counted there.
        if self.era == meta.era.load(Relaxed) {
            let pending = Pending::of(&self.pending);
            pending.over(meta);
            pending.save(&mut self.pending);
        }
    }

    #[inline(always)]
    fn set_requests(&mut self, requests: &Requests) {
        words::save(&mut self.words, requests);
    }

    /// Of a UDP socket, which has no more to remember.
    pub fn datagram(&mut self) -> Datagram<'_> {
        Datagram { flags: &mut self.flags, words: &mut self.words }
    }

    /// Whether memcached has answered all that it has read, and what comes next is a line: then that
    /// can be answered in its place.
    #[inline(always)]
    pub fn is_our_turn(&self, meta: &Meta, now: u32) -> bool {
        // memcached closes a connection that is idle, and does not see what is answered here.
        let idle = meta.idle.load(Relaxed);
        let awake = idle == 0 || now.saturating_sub(self.active) < idle / 2;
        meta.tcp.load(Relaxed) != 0
            && self.flags & SYNCED != 0
            && self.order.is_at_rest()
            && awake
            && words::await_line(&self.words)
    }

    /// memcached is about to get bytes.
    #[inline(always)]
    pub fn read(&mut self, meta: &'static Meta, read: &Read<'_>) -> Given {
        if self.flags & FRESH != 0 {
            self.flags &= !FRESH;
            meta.learn_rbuf_len(read.asked);
        }
        self.active = meta::now();
        self.tid = read.tid;
        let mut requests = Requests::new();
        words::load_into(&mut requests, &self.words);
        let synced = self.flags & SYNCED != 0;
        let at_boundary = synced && requests.at_boundary();
        let pending = Pending::NEW;
        pending.load(&self.pending);
        let mut progress = pending.progress();
        let rbuf_len = meta.rbuf_len.load(Relaxed);
        let again = self.flags & MID_READ != 0;
        let was_full = again || !progress.read(read.asked.into(), rbuf_len);
        let given = if synced {
            if !was_full {
                pending.executed(meta);
                if at_boundary {
                    self.order.all_written();
                    self.candidates.clear();
                }
            }
            let commands = Commands { meta, pending: &pending, progress };
            let mut reader = Reader { commands, conn: self, gets: 0 };
            let limit = reader.take(&mut requests, read.bytes);
            progress = reader.commands.progress;
            let gets = reader.gets;
            if meta.state.load(Relaxed) == state::RUN {
                self.bypass.missed(gets);
            }
            let given = self.taken(meta, &pending, &mut requests, limit, read, &mut progress);
            if self.is_one_of_many_changes(gets, &requests, read, progress, given) {
                self.order.lose();
                Given { quiet: true, ..given }
            } else {
                given
            }
        } else {
            progress.has_read(read.full || read.more);
            pending.set_progress(progress);
            self.take_unsynced(meta, &pending, read, was_full);
            progress = pending.progress();
            Given::all(read.bytes)
        };
        self.set_flag(MID_READ, read.more && given.limit == read.bytes.len());
        pending.set_progress(progress);
        pending.save(&mut self.pending);
        given
    }

    #[inline(always)]
    fn taken(
        &mut self,
        meta: &Meta,
        pending: &Pending,
        requests: &mut Requests,
        limit: Result<usize, Lost>,
        read: &Read<'_>,
        progress: &mut Progress,
    ) -> Given {
        let len = read.bytes.len();
        progress.has_read((read.full || read.more) && limit.is_ok_and(|limit| limit == len));
        let Ok(limit) = limit else {
            self.lose(meta, pending, Stat::EpochUnsynced);
            self.set_flag(AFTER_LINE, ends_line(read));
            return Given::all(read.bytes);
        };
        let skip = u32::try_from(requests.skippable()).unwrap_or(u32::MAX);
        requests.advance(skip as usize);
        self.set_requests(requests);
        Given { limit, skip, quiet: false }
    }

    /// Whether the read, of which these are the bytes, is nothing but whole GETs that need not be tried; it
    /// is `whole` if it neither fills the server's buffer nor goes on, and what was read before is
    /// executed and answered, by rule R. Then nothing becomes pending, and the next read shows the
    /// same of this one: until then, nobody need know what is answered.
    #[inline(always)]
    pub fn bypasses(&mut self, meta: &Meta, bytes: &[u8], whole: bool, tid: u32) -> bool {
        if !self.bypass.is_on()
            || self.flags != KNOWN | SYNCED
            || !whole
            || !words::await_line(&self.words)
            || !Pending::is_quiet(&self.pending)
        {
            return false;
        }
        let Some(gets) = proto::count_gets(bytes) else { return false };
        if !self.bypass.takes(gets) {
            return false;
        }
        if meta.idle.load(Relaxed) != 0 {
            self.active = meta::now();
        }
        self.tid = tid;
        self.order.lose();
        add(Stat::TcpBypassed, gets.into());
        true
    }

    /// Whether the read is one `set` in the form that most have, on a connection of
    /// [many changes](Self::is_one_of_many_changes), which has nothing else under way: then this is all
    /// that [`read`](Self::read) would do.
    #[inline(always)]
    pub fn takes_set(&mut self, meta: &Meta, bytes: &[u8], whole: bool, tid: u32) -> bool {
        self.changes >= CHANGES && whole && self.takes_one_of_many(meta, bytes, tid)
    }

    #[inline(never)]
    fn takes_one_of_many(&mut self, meta: &Meta, bytes: &[u8], tid: u32) -> bool {
        if self.flags != KNOWN | SYNCED
            || !words::await_line(&self.words)
            || !Pending::is_none(&self.pending)
        {
            return false;
        }
        let Some(set) = proto::plain_set(bytes) else { return false };
        if meta.idle.load(Relaxed) != 0 {
            self.active = meta::now();
        }
        self.tid = tid;
        self.changes = self.changes.saturating_add(1);
        self.order.lose();
        let hash = sink::begins_set(meta, &set);
        Pending::one(&mut self.pending, hash);
        true
    }

    /// Whether the read is one change, as those before it: then its end is seen by the first write
    /// (rule S), and what is written and what comes by the next read (rule R).
    #[inline(always)]
    fn is_one_of_many_changes(
        &mut self,
        gets: u32,
        requests: &Requests,
        read: &Read<'_>,
        progress: Progress,
        given: Given,
    ) -> bool {
        let is_one = gets == 0
            && !read.full
            && !read.more
            && given.limit == read.bytes.len()
            && self.flags & SYNCED != 0
            && progress.is_one_command()
            && requests.awaits_line();
        self.changes = if is_one { self.changes.saturating_add(1) } else { 0 };
        self.changes > CHANGES
    }

    #[cfg(test)]
    pub fn is_bypassing(&self) -> bool {
        self.bypass.is_on()
    }

    #[cfg(test)]
    pub fn is_after_many_changes(&self) -> bool {
        self.changes > CHANGES
    }

    /// What would be wrong to suppose.
    #[cfg(test)]
    pub fn suppose_answered(&mut self) {
        self.order.all_written();
    }

    #[cfg(test)]
    pub fn suppose_changes(&mut self) {
        self.changes = CHANGES;
    }

    /// What would be wrong to suppose of one change that is followed by its first write only.
    #[cfg(test)]
    pub fn suppose_executed(&mut self, meta: &Meta) {
        if self.changes > CHANGES {
            let pending = Pending::of(&self.pending);
            pending.executed(meta);
            pending.save(&mut self.pending);
        }
    }

    /// GETs were answered in memcached's place.
    #[inline(always)]
    pub fn answered(&mut self) {
        self.bypass.hit();
    }

    /// From here on, nobody knows where a command begins.
    #[cold]
    fn lose(&mut self, meta: &Meta, pending: &Pending, why: Stat) {
        count(Stat::ConnsUnsynced);
        self.flags = KNOWN;
        self.candidates.clear();
        self.order.lose();
        pending.anything(meta, why);
    }

    fn set_flag(&mut self, flag: u32, is: bool) {
        self.flags = self.flags & !flag | if is { flag } else { 0 };
    }

    /// Something may be executed that nobody knows. It is pending already, and stays so.
    #[cold]
    fn take_unsynced(&mut self, meta: &Meta, pending: &Pending, read: &Read<'_>, was_full: bool) {
        let after_line = self.flags & AFTER_LINE != 0 && !was_full;
        self.flags &= !Trial::FLAGS;
        if read.bytes.is_empty() {
            return;
        }
        pending.anything(meta, Stat::EpochUnsynced);
        let tried = trial(meta, read, after_line).filter(|_| self.flags & MID_READ == 0);
        if let Some((trial, requests, supposed)) = tried {
            let mut progress = supposed.progress;
            progress.has_read(false);
            pending.set_progress(progress);
            self.set_requests(&requests);
            self.flags |= trial.flag();
        }
        self.set_flag(AFTER_LINE, ends_line(read));
    }

    /// Whether the write proves that the read before it began at the first byte of a command.
    #[cold]
    fn sync(&mut self, bytes: &[u8]) -> bool {
        let Some(trial) = Trial::of_flags(self.flags) else { return false };
        self.flags &= !Trial::FLAGS;
        let mut head = [0; 8];
        head.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        if !trial.is_proven_by(&head) {
            return false;
        }
        count(Stat::ConnsSynced);
        self.flags = KNOWN | SYNCED;
        // The next read shows that this one was answered.
        self.order.lose();
        true
    }

    /// The kernel has taken bytes that memcached wrote. How many behind them need not be shown.
    #[inline(always)]
    pub fn wrote(&mut self, meta: &Meta, bytes: &[u8], tid: u32) -> u32 {
        // Only who executes the commands knows by his write that they are.
        if tid != self.tid {
            self.order.lose();
            return 0;
        }
        if self.flags & SYNCED == 0 && (bytes.is_empty() || !self.sync(bytes)) {
            return 0;
        }
        if bytes.is_empty() && Pending::wrote(&mut self.pending) {
            return 0;
        }
        let pending = Pending::of(&self.pending);
        let mut progress = pending.progress();
        if progress.write() {
            pending.executed(meta);
        }
        if bytes.is_empty() {
            // What is written is not followed.
            pending.set_progress(progress);
            pending.save(&mut self.pending);
            return 0;
        }
        let candidates = &mut self.candidates;
        self.order.wrote(bytes, |part| candidates.remember(meta, part));
        if self.order.is_at_rest() {
            self.candidates.clear();
            progress.all_executed();
            pending.executed(meta);
        }
        pending.set_progress(progress);
        pending.save(&mut self.pending);
        if self.candidates.is_collecting() { 0 } else { self.order.skip() }
    }
}

/// Takes the commands of a read, up to one that can be answered without memcached.
struct Reader<'a, 'b> {
    commands: Commands<'b>,
    conn: &'a mut Conn,
    gets: u32,
}

impl Sink for Reader<'_, '_> {
    #[inline(always)]
    fn effect(&mut self, effect: Effect<'_>) {
        self.commands.effect(effect);
    }

    #[inline(always)]
    fn complete(&mut self, complete: Complete) {
        self.commands.complete(complete);
        self.conn.order.command(complete.shape);
    }
}

impl Reader<'_, '_> {
    /// How many of the bytes memcached gets.
    #[inline(always)]
    fn take(&mut self, requests: &mut Requests, bytes: &[u8]) -> Result<usize, Lost> {
        let mut rest = bytes;
        while !rest.is_empty() {
            if requests.at_boundary()
                && let Some(question) = ready::first_question(rest)
            {
                let later = rest.len() < bytes.len();
                if later && requests.awaits_line() && self.is_hit(&question) {
                    break;
                }
                self.gets += u32::from(!matches!(question, proto::Question::End));
                self.conn.candidates.note(question);
            }
            rest = requests.step(rest, self)?;
        }
        Ok(bytes.len() - rest.len())
    }

    /// Whether this one will be answered when memcached has answered those before it.
    fn is_hit(&self, question: &proto::Question<'_>) -> bool {
        self.commands.meta.tcp.load(Relaxed) != 0
            && self.conn.order.comes_to_rest()
            && Question::new().is_ok_and(|cache| ready::is_hit(&cache, question))
    }
}

/// Whether the bytes are whole commands, if the first one begins with them.
fn trial(meta: &Meta, read: &Read<'_>, after_line: bool) -> Option<(Trial, Requests, Supposed)> {
    let binary = read.bytes.first() == Some(&0x80);
    let mut requests = if binary { Requests::binary() } else { Requests::text() };
    let mut supposed = Supposed::default();
    requests.feed(read.bytes, &mut supposed).ok()?;
    if read.full || read.more || !requests.at_boundary() {
        return None;
    }
    let newline = read.bytes.iter().position(|byte| *byte == b'\n');
    let trial = Trial::of(
        after_line,
        read.asked == meta.rbuf_len.load(Relaxed),
        binary,
        newline == read.bytes.len().checked_sub(1),
        supposed.progress.is_one_command(),
    )?;
    Some((trial, requests, supposed))
}

/// Whether the bytes end a line, and the server's buffer had room for more.
fn ends_line(read: &Read<'_>) -> bool {
    !read.full && !read.more && read.bytes.ends_with(b"\n")
}
