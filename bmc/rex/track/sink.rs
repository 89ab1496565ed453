// SPDX-License-Identifier: GPL-2.0-only
//! What becomes of the commands that the parser finds.

use super::expiry::{self, Others};
use super::pending::Pending;
use super::quiet;
use super::rules::Progress;
use crate::meta::Meta;
use crate::proto::{Complete, Effect, Op, PlainSet, Sink, Target};
use crate::stats::{Stat, count};
use crate::store::{self, KeyHash};

/// Commands that the server has read, of a connection where each byte is known.
pub struct Commands<'a> {
    pub meta: &'a Meta,
    pub pending: &'a Pending,
    pub progress: Progress,
}

impl Sink for Commands<'_> {
    #[inline(always)]
    fn effect(&mut self, effect: Effect<'_>) {
        let stat = stat(effect.op);
        match effect.target {
            Target::Key(key) => {
                count(stat);
                let hash = store::hash(key);
                self.pending.key(self.meta, hash, |begun| {
                    if let Some(exptime) = effect.exptime {
                        let others = Others { begun, own_all: self.pending.own_all() };
                        expiry::note(self.meta, hash, exptime, effect.conditional, others);
                    }
                });
            }
            Target::All => {
                self.pending.all_keys(self.meta, stat);
                flush_later(self.meta, &effect);
            }
        }
    }

    #[inline(always)]
    fn complete(&mut self, _: Complete) {
        self.progress.command();
        self.pending.whole();
    }
}

/// Commands that may be nothing of the kind: the first byte was perhaps in the middle of one.
#[derive(Default)]
pub struct Supposed {
    pub progress: Progress,
}

impl Sink for Supposed {
    fn effect(&mut self, _: Effect<'_>) {}

    fn complete(&mut self, _: Complete) {
        self.progress.command();
    }
}

/// A plain `set` was read by a connection that has nothing else under way. Its key is pending now.
#[inline(always)]
pub fn begins_set(meta: &Meta, set: &PlainSet<'_>) -> KeyHash {
    count(Stat::InvalSet);
    let hash = store::hash(set.key);
    let others = Others { begun: store::mutation_begins(hash), own_all: 0 };
    expiry::note(meta, hash, set.exptime.into(), false, others);
    hash
}

#[cold]
fn flush_later(meta: &Meta, effect: &Effect<'_>) {
    if effect.op == Op::Flush
        && let Some(delay) = effect.exptime
        && delay > 0
    {
        quiet::expect(meta, delay as u64);
    }
}

fn stat(op: Op) -> Stat {
    match op {
        Op::Set => Stat::InvalSet,
        Op::Add => Stat::InvalAdd,
        Op::Replace => Stat::InvalReplace,
        Op::Append => Stat::InvalAppend,
        Op::Prepend => Stat::InvalPrepend,
        Op::Cas => Stat::InvalCas,
        Op::Delete => Stat::InvalDelete,
        Op::Incr => Stat::InvalIncr,
        Op::Decr => Stat::InvalDecr,
        Op::Touch => Stat::InvalTouch,
        Op::MetaSet => Stat::InvalMetaSet,
        Op::MetaDelete => Stat::InvalMetaDelete,
        Op::MetaArith => Stat::InvalMetaArith,
        Op::MetaGet => Stat::InvalMetaGet,
        Op::Flush => Stat::InvalFlush,
        Op::Other => Stat::InvalOther,
    }
}
