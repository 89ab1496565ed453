// SPDX-License-Identifier: GPL-2.0-only
//! The server's UDP sockets. XDP answers there; here is seen what memcached reads and writes.
//!
//! A thread of memcached deals with one datagram at a time. A read that asks for the sender's address
//! is of the next one; a read that does not is of the bytes of a value that the datagram before had
//! only a part of, or none.

use super::datagram::Datagram;
use crate::address;
use crate::meta::Meta;
use crate::proto::{FRAME_LEN, MAX_KEYS, Requests, get_keys, is_single, values};
use crate::stats::{Stat, count};
use crate::store::{self, Candidate, END};
use crate::track::expiry;
use crate::track::pending::{Pending, blind};
use crate::track::sink::Commands;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use rex::prelude::*;
use rex::sock::SockAddr;

#[rex_map]
static BMC_UDP: RexHashMap<Place, Thread> = RexHashMap::new(1024, 0);

/// The threads share the sockets, each has its own state for each.
#[derive(Clone, Copy, Pod)]
#[repr(C)]
struct Place {
    socket: u64,
    tid: u64,
}

#[derive(SharedPod)]
#[repr(C)]
struct Thread {
    /// In `candidates`.
    len: AtomicU32,
    /// Keys of the GET.
    keys: AtomicU32,
    pending: Pending,
    /// The keys of the GET whose values may be remembered: [`Candidate`].
    candidates: [[AtomicU64; 2]; MAX_KEYS],
}

static NEW: Thread = Thread {
    len: AtomicU32::new(0),
    keys: AtomicU32::new(0),
    pending: Pending::NEW,
    candidates: [const { [const { AtomicU64::new(0) }; 2] }; MAX_KEYS],
};

/// Bytes of a datagram that memcached writes.
const PAYLOAD: usize = 1400;

impl Place {
    fn find(self, scope: Scope<'_>) -> Option<&Thread> {
        BMC_UDP.get_ref(scope, &self)
    }

    #[cold]
    fn add(self, scope: Scope<'_>) -> Option<&Thread> {
        BMC_UDP.insert_new_from(&self, &NEW).ok()?;
        self.find(scope)
    }
}

/// Where something happens.
#[derive(Clone, Copy)]
pub struct Socket<'a> {
    pub meta: &'static Meta,
    pub scope: Scope<'a>,
    pub id: u64,
    pub sock: SockAddr,
    /// Events are missing since the last one.
    pub is_lost: bool,
}

/// What a thread reads.
pub struct Read<'a> {
    pub bytes: &'a [u8],
    pub more: bool,
    pub named: bool,
    pub tid: u32,
}

impl<'a> Socket<'a> {
    /// Before anything else is done with it. What any thread has read may be missing, as it is at the
    /// first event: that comes with the test that rexctl makes before it looks what is executed.
    fn begin(&self) {
        address::server_socket(self.sock.0);
        if self.is_lost {
            blind(self.meta, Stat::EpochLapse);
        }
    }

    fn thread(&self, tid: u32) -> Place {
        Place { socket: self.id, tid: tid.into() }
    }

    pub fn read(self, mut datagram: Datagram<'_>, read: &Read<'_>) {
        self.begin();
        let place = self.thread(read.tid);
        let Some(thread) = place.find(self.scope).or_else(|| place.add(self.scope)) else {
            return blind(self.meta, Stat::EpochOverflow);
        };
        if datagram.is_open() {
            thread.go_on(self.meta, &mut datagram, read);
        } else if read.named {
            thread.datagram(self.meta, &mut datagram, read);
        } else {
            thread.value(self.meta, read.bytes.len());
        }
    }

    pub fn wrote(self, bytes: &[u8], more: bool, tid: u32) {
        self.begin();
        if let Some(thread) = self.thread(tid).find(self.scope) {
            thread.written(self.meta, bytes, more);
        }
    }
}

impl Thread {
    /// The next datagram was read, or none was there: what was read before is executed.
    fn datagram(&self, meta: &'static Meta, datagram: &mut Datagram<'_>, read: &Read<'_>) {
        self.pending.over(meta);
        self.pending.set_progress(Default::default());
        self.len.store(0, Relaxed);
        let Some((frame, text)) = read.bytes.split_first_chunk::<FRAME_LEN>() else { return };
        // memcached ignores one without text.
        if !text.is_empty() && (read.more || !self.is_get(frame, text)) {
            self.commands(meta, Requests::new(), text, datagram, read.more);
        }
    }

    /// More of the same datagram.
    fn go_on(&self, meta: &'static Meta, datagram: &mut Datagram<'_>, read: &Read<'_>) {
        match datagram.requests() {
            Some(requests) => self.commands(meta, requests, read.bytes, datagram, read.more),
            None if !read.more => datagram.close(),
            None => {}
        }
    }

    /// Bytes of a value were read; it may be whole now or not.
    fn value(&self, meta: &Meta, len: usize) {
        if len > 0 && self.pending.is_empty() {
            // Its command was read when nobody looked.
            self.pending.anything(meta, Stat::EpochUnsynced);
        }
        self.wait_for_read();
        self.len.store(0, Relaxed);
    }

    fn wait_for_read(&self) {
        let mut progress = self.pending.progress();
        progress.wait_for_read();
        self.pending.set_progress(progress);
    }

    /// Whether the datagram is nothing but one GET. Then the values that it will be answered with
    /// may be remembered, unless something is changing them.
    fn is_get(&self, frame: &[u8; FRAME_LEN], text: &[u8]) -> bool {
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

    fn commands(
        &self,
        meta: &'static Meta,
        mut requests: Requests,
        text: &[u8],
        datagram: &mut Datagram<'_>,
        more: bool,
    ) {
        let progress = self.pending.progress();
        let mut commands = Commands { meta, pending: &self.pending, progress };
        let fed = requests.feed(text, &mut commands).is_ok();
        self.pending.set_progress(commands.progress);
        if more {
            datagram.keep(fed.then_some(&requests));
        } else {
            datagram.close();
        }
        if !fed || !more && !requests.at_boundary() {
            self.wait_for_read();
        }
        if !fed {
            self.pending.anything(meta, Stat::EpochUnsynced);
        }
    }

    fn written(&self, meta: &Meta, bytes: &[u8], more: bool) {
        let mut progress = self.pending.progress();
        // A datagram for each command.
        let executed = progress.write();
        self.pending.set_progress(progress);
        if executed {
            self.pending.executed(meta);
        }
        if self.len.load(Relaxed) != 0 {
            if more || self.remember(meta, bytes).is_none() {
                count(Stat::RefusedForm);
            }
            if self.keys.load(Relaxed) == 1 {
                // There is no other reply.
                self.len.store(0, Relaxed);
            }
        }
    }

    /// Puts what is written to a client into the cache: the only datagram of a reply, and nothing
    /// but values. Of a GET of several keys, memcached may answer each by itself: then it puts END
    /// behind the last only, and here it is put behind each.
    #[inline(never)]
    fn remember(&self, meta: &Meta, bytes: &[u8]) -> Option<()> {
        let (frame, text) = bytes.split_first_chunk::<FRAME_LEN>()?;
        if bytes.len() > PAYLOAD || !is_single(frame) {
            return None;
        }
        if let Some(blocks) = values(text) {
            blocks.for_each(|block| self.fill(meta, block.key, block.text));
            return Some(());
        }
        if self.keys.load(Relaxed) == 1 {
            return None;
        }
        let mut buffer = [0; PAYLOAD + END.len()];
        let (to, behind) = buffer.split_at_mut_checked(text.len())?;
        to.copy_from_slice(text);
        behind.first_chunk_mut().map(|to| *to = *END)?;
        let blocks = values(buffer.get(..text.len() + END.len())?)?;
        blocks.for_each(|block| self.fill(meta, block.key, block.text));
        Some(())
    }

    fn fill(&self, meta: &Meta, key: &[u8], text: &[u8]) {
        let hash = store::hash(key);
        let Some(candidate) = self.take(hash) else { return };
        match expiry::of(meta, hash) {
            Some(deadline) => {
                let _ = store::fill(&candidate, key.len(), text, deadline);
            }
            None => count(Stat::RefusedExpiry),
        }
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
