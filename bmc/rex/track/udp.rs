// SPDX-License-Identifier: GPL-2.0-only
//! udp_recvmsg(sk, msg, len, flags, addr_len), udp_sendmsg(sk, msg, len) and those of IPv6.
//!
//! A thread of memcached deals with one datagram at a time. A read that asks for the sender's address
//! is of the next one; a read that does not is of the bytes of a value that the datagram before had
//! only a part of, or none.

use super::conn::{Pending, alone, blind};
use super::sink::Commands;
use super::{MSG_ODD, MSG_PEEK, expiry, quiet, server, user};
use crate::address;
use crate::meta::{Meta, state};
use crate::proto::{FRAME_LEN, MAX_KEYS, Requests, get_keys, is_single, values};
use crate::stats::{Stat, count};
use crate::store::{self, Candidate, END, MAX_TEXT};
use core::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{Relaxed, SeqCst},
};
use rex::prelude::*;
use rex::probe::{UserAddr, read_user_bytes};
use rex::sock::Message;
use rex::task;

#[rex_map]
static BMC_UDP: RexHashMap<Place, Thread> = RexHashMap::new(1024, 0);

/// The threads share the sockets, each has its own state for each.
#[derive(Clone, Copy, Pod)]
#[repr(C)]
struct Place {
    sk: u64,
    tid: u64,
}

#[derive(SharedPod)]
#[repr(C)]
struct Thread {
    busy: AtomicU32,
    life: AtomicU32,
    /// In `candidates`.
    len: AtomicU32,
    /// Keys of the GET.
    keys: AtomicU32,
    pending: Pending,
    /// The keys of the GET whose values may be remembered: [`Candidate`].
    candidates: [[AtomicU64; 2]; MAX_KEYS],
}

static NEW: Thread = Thread {
    busy: AtomicU32::new(0),
    life: AtomicU32::new(0),
    len: AtomicU32::new(0),
    keys: AtomicU32::new(0),
    pending: Pending::NEW,
    candidates: [const { [const { AtomicU64::new(0) }; 2] }; MAX_KEYS],
};

/// The longest GET of which values are remembered, with the frame header: usual ones, and others.
const SHORT: usize = 128;
const LONG: usize = 2048;
/// Bytes of a reply, with the frame header and room for an `END`.
const REPLY: usize = FRAME_LEN + MAX_TEXT + END.len();

impl Place {
    fn of(sk: u64) -> Self {
        Self { sk, tid: task::current().pid() as u64 }
    }

    fn find(self, scope: Scope<'_>) -> Option<&Thread> {
        BMC_UDP.get_ref(scope, &self)
    }

    #[cold]
    fn add<'a>(self, scope: Scope<'a>, meta: &Meta) -> Option<&'a Thread> {
        BMC_UDP.insert_new_from(&self, &NEW).ok()?;
        let thread = self.find(scope)?;
        thread.life.store(meta.server_deaths.load(Relaxed), Relaxed);
        Some(thread)
    }
}

pub fn read(ctx: &Fexit<'_>) -> Option<()> {
    let meta = server()?;
    let &[sk, message, _, flags, ..] = ctx.args() else { return None };
    if flags & MSG_PEEK != 0 {
        return None;
    }
    let len = usize::try_from(ctx.ret() as i32).unwrap_or(0);
    count(Stat::Reads);
    if meta.state.load(Relaxed) != state::RUN {
        meta.reads.fetch_add(1, SeqCst);
    }
    quiet::look(meta);
    let place = Place::of(sk);
    let found = place.find(ctx.scope()).or_else(|| place.add(ctx.scope(), meta));
    let (Some(thread), Some(message)) = (found, Message::at(message)) else {
        blind(meta);
        return None;
    };
    alone(meta, &thread.busy, || {
        if thread.life.load(Relaxed) != meta.server_deaths.load(Relaxed) {
            thread.life.store(meta.server_deaths.load(Relaxed), Relaxed);
            thread.pending.over(meta);
        }
        let bytes = if flags & MSG_ODD == 0 { message.received(len) } else { None };
        if message.has_name() {
            address::server_socket(sk);
            thread.datagram(meta, bytes, len);
        } else {
            thread.value(meta, len);
        }
    })
}

pub fn write(ctx: &Fentry<'_>) -> Option<()> {
    let meta = server()?;
    let &[sk, message, ..] = ctx.args() else { return None };
    count(Stat::Replies);
    let thread = Place::of(sk).find(ctx.scope())?;
    alone(meta, &thread.busy, || thread.written(meta, message))
}

impl Thread {
    /// The next datagram was read, or none was there: what was read before is executed.
    fn datagram(&self, meta: &'static Meta, bytes: Option<UserAddr>, len: usize) {
        self.pending.over(meta);
        self.pending.set_progress(Default::default());
        self.len.store(0, Relaxed);
        if len <= FRAME_LEN {
            // memcached ignores it.
            return;
        }
        let Some(at) = bytes else {
            return self.pending.anything(meta, Stat::EpochUnsynced);
        };
        if !self.is_get(at, len) {
            self.commands(meta, at.offset(FRAME_LEN as i64), len - FRAME_LEN);
        }
    }

    /// Bytes of a value were read; it may be whole now or not.
    fn value(&self, meta: &Meta, len: usize) {
        if len > 0 && self.pending.is_empty() {
            // Its command was read when nobody looked.
            self.pending.anything(meta, Stat::EpochUnsynced);
        }
        let mut progress = self.pending.progress();
        progress.wait_for_read();
        self.pending.set_progress(progress);
        self.len.store(0, Relaxed);
    }

    #[inline(always)]
    fn is_get(&self, at: UserAddr, len: usize) -> bool {
        let mut buffer = [0; SHORT];
        match buffer.get_mut(..len) {
            Some(datagram) => self.is_get_in(at, datagram),
            None => self.is_long_get(at, len),
        }
    }

    #[inline(never)]
    fn is_long_get(&self, at: UserAddr, len: usize) -> bool {
        let mut buffer = [0; LONG];
        buffer.get_mut(..len).is_some_and(|datagram| self.is_get_in(at, datagram))
    }

    /// Whether the datagram is nothing but one GET. Then the values that it will be answered with
    /// may be remembered, unless something is changing them.
    #[inline(always)]
    fn is_get_in(&self, at: UserAddr, datagram: &mut [u8]) -> bool {
        if read_user_bytes(at, datagram).is_err() {
            return false;
        }
        let Some((frame, text)) = datagram.split_first_chunk::<FRAME_LEN>() else { return false };
        let Some(keys) = get_keys(text) else { return false };
        // memcached answers no other request, and looks at no more of its header.
        if frame[4..6] != [0, 1] {
            return true;
        }
        let mut number = 0;
        self.keys.store(keys.len() as u32, Relaxed);
        for candidate in keys.filter_map(|key| store::candidate(store::hash(key))) {
            let Some(place) = self.candidates.get(number) else { break };
            for (to, word) in place.iter().zip(candidate.words()) {
                to.store(word, Relaxed);
            }
            number += 1;
        }
        self.len.store(number as u32, Relaxed);
        true
    }

    fn commands(&self, meta: &'static Meta, at: UserAddr, len: usize) {
        let mut requests = Requests::new();
        let progress = self.pending.progress();
        let mut commands = Commands { meta, pending: &self.pending, progress };
        let fed = user::feed(&mut requests, at, len, &mut commands);
        let mut progress = commands.progress;
        if !requests.at_boundary() || fed.is_err() {
            progress.wait_for_read();
        }
        self.pending.set_progress(progress);
        if fed.is_err() {
            self.pending.anything(meta, Stat::EpochUnsynced);
        }
    }

    fn written(&self, meta: &Meta, message: u64) {
        let mut progress = self.pending.progress();
        // A datagram for each command: lines are not counted.
        let executed = progress.write(|_| None);
        self.pending.set_progress(progress);
        if executed {
            self.pending.executed(meta);
        }
        if self.len.load(Relaxed) != 0 {
            self.remember(meta, message);
            if self.keys.load(Relaxed) == 1 {
                // There is no other reply.
                self.len.store(0, Relaxed);
            }
        }
    }

    /// Puts what is written to a client into the cache.
    #[inline(never)]
    fn remember(&self, meta: &Meta, message: u64) {
        let mut buffer = [0; REPLY];
        let whole = Message::at(message).and_then(|message| {
            let len = usize::try_from(message.count()).ok()?;
            let reply = buffer.get_mut(..len).filter(|_| len <= REPLY - END.len())?;
            user::copy(&message, reply)?;
            self.values(&mut buffer, len)
        });
        let Some(len) = whole else {
            count(Stat::RefusedForm);
            return;
        };
        let text = buffer.get(FRAME_LEN..len).unwrap_or_default();
        for block in values(text).into_iter().flatten() {
            let hash = store::hash(block.key);
            if let Some(candidate) = self.take(hash) {
                match expiry::of(meta, hash) {
                    Some(deadline) => {
                        let _ = store::fill(&candidate, block.key.len(), block.text, deadline);
                    }
                    None => count(Stat::RefusedExpiry),
                }
            }
        }
    }

    /// Whether the `len` bytes are the only datagram of a reply, and nothing but values. Of a GET of
    /// several keys, memcached may answer each by itself: then it puts END behind the last only,
    /// and here it is put behind each. How long it is then.
    fn values(&self, buffer: &mut [u8; REPLY], len: usize) -> Option<usize> {
        let (frame, text) = buffer.get(..len)?.split_first_chunk::<FRAME_LEN>()?;
        if !is_single(frame) {
            return None;
        }
        if values(text).is_some() {
            return Some(len);
        }
        let end = len + END.len();
        buffer.get_mut(len..end)?.copy_from_slice(END);
        let several = self.keys.load(Relaxed) > 1;
        (several && values(buffer.get(FRAME_LEN..end)?).is_some()).then_some(end)
    }

    /// The candidate of this hash, once.
    fn take(&self, hash: store::KeyHash) -> Option<Candidate> {
        let len = self.len.load(Relaxed) as usize;
        let is_it = |place: &&[AtomicU64; 2]| place[0].load(Relaxed) == hash.0;
        let place = self.candidates.iter().take(len).find(is_it)?;
        let words = [place[0].load(Relaxed), place[1].load(Relaxed)];
        place[0].store(0, Relaxed);
        Some(Candidate::from_words(words))
    }
}
