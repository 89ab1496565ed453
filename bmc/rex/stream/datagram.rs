// SPDX-License-Identifier: GPL-2.0-only
//! A datagram that is too long to be shown at once: what is known of it so far, in the record of its
//! socket. All parts of one are shown before anything else of the socket.

use super::words;
use crate::proto::{Requests, WORDS};

pub struct Datagram<'a> {
    pub flags: &'a mut u32,
    /// [`Requests`]
    pub words: &'a mut [u64; WORDS],
}

/// More of it comes.
const OPEN: u32 = 1;
/// The commands in it are not understood.
const LOST: u32 = 2;

impl Datagram<'_> {
    pub fn is_open(&self) -> bool {
        *self.flags & OPEN != 0
    }

    /// The commands so far; `None`: they are not understood.
    pub fn requests(&self) -> Option<Requests> {
        (*self.flags & LOST == 0).then(|| words::load(self.words))
    }

    pub fn close(&mut self) {
        *self.flags = 0;
    }

    pub fn keep(&mut self, requests: Option<&Requests>) {
        *self.flags = OPEN | if requests.is_none() { LOST } else { 0 };
        if let Some(requests) = requests {
            words::save(self.words, requests);
        }
    }
}
