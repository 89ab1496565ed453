// SPDX-License-Identifier: GPL-2.0-only
//! The cache: sets of replies, found by a keyed hash of the key.
//!
//! What reads memcached's system calls says here when a key's value may change
//! ([`mutation_begins`], [`mutation_ends`]) and what its value was ([`candidate`], [`fill`]).
//!
//! The order of the atomic operations is the whole point:
//!
//! - A mutation raises `pending` and the generation, and then removes what is there. All keys:
//!   `meta::all_begins()` *before* `meta::bump_epoch()`.
//! - A candidate notes generation and epoch, and then looks whether something is pending.
//! - A fill publishes, and then looks whether generation and epoch are still the same.

use crate::stats::Stat;
use rex::prelude::*;

/// The keyed hash of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod)]
#[repr(C)]
pub struct KeyHash(pub u64);

/// That the server read a GET of a key while nothing was pending that might change its value. May
/// live in a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod)]
#[repr(C)]
pub struct Candidate {
    pub hash: KeyHash,
    generation: u32,
    epoch: u32,
}

/// Why a value was not put into the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A mutation of the key, or of all, is under way.
    Pending,
    /// There was one since the candidate was noted.
    Changed,
    /// No VALUE block, or the key length is not its key's.
    Form,
    /// It would not fit a datagram.
    Length,
    /// The deadline is over already.
    Expiry,
    /// Another CPU is writing to the set.
    Busy,
    /// The accelerator does not run, or a flush_all is due.
    Off,
}

impl Refused {
    /// What to count it as.
    pub fn stat(self) -> Stat {
        todo!()
    }
}

/// The hash of `key`.
pub fn hash(_key: &[u8]) -> KeyHash {
    todo!()
}

/// The server read a command that may change the value of this key.
pub fn mutation_begins(_hash: KeyHash) {
    todo!()
}

/// The command was executed. Balances one [`mutation_begins`].
pub fn mutation_ends(_hash: KeyHash) {
    todo!()
}

/// The server read a GET of this key. `None` while something is pending, or we do not run.
pub fn candidate(_hash: KeyHash) -> Option<Candidate> {
    todo!()
}

/// The server writes the reply: `block` is exactly `VALUE KEY FLAGS BYTES\r\nDATA\r\n`, without
/// `END\r\n`, and its key, of `key_len` bytes, is that of the candidate. No hit from `deadline` on.
pub fn fill(
    _candidate: &Candidate,
    _key_len: usize,
    _block: &[u8],
    _deadline: u32,
) -> Result<(), Refused> {
    todo!()
}
