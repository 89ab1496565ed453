// SPDX-License-Identifier: GPL-2.0-only
//! The server's connections against the mock of rex.ko.

mod bypass;
mod changes;
mod model;
mod turns;
mod values;

use super::conn::{Conn, Given};
use super::{give, shown, sockets};
use crate::meta::{self, NEVER, state};
use crate::stats::{Stat, counted};
use crate::store;
use crate::tests::random::Random;
use rex::mock::{Connection, Session};
use rex::prelude::*;
use std::sync::atomic::Ordering::SeqCst;

/// What memcached asks for when its buffer is empty.
const RBUF: usize = 16384;
/// A second, in coarse time.
const SECOND: u32 = 7;

/// The accelerator runs.
fn start() -> Session {
    let session = Session::new();
    let meta = meta::get();
    meta.seed.store(0x1234_5678_9abc_def0, SeqCst);
    meta.server.store(1000, SeqCst);
    meta.quiet_from.store(NEVER, SeqCst);
    meta.max_age.store(SECOND, SeqCst);
    meta.tcp.store(1, SeqCst);
    meta.generation.store(rex::program::generation(), SeqCst);
    meta.state.store(state::RUN, SeqCst);
    session.set_time_ns(1000 << meta::TIME_SHIFT);
    session
}

/// A connection that passes what the program gives the server, so that it can be looked at.
type Tcp<'s> = Connection<'s, Conn, fn(&mut Stream<'_, Conn>) -> StreamVerdict>;

fn connect(session: &Session) -> Tcp<'_> {
    session.connection(sockets as fn(&mut Stream<'_, Conn>) -> StreamVerdict)
}

/// Whether a value of the key that is read now could be put into the cache.
fn quiet(key: &str) -> bool {
    store::candidate(store::hash(key.as_bytes())).is_some()
}
