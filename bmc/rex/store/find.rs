// SPDX-License-Identifier: GPL-2.0-only
use super::set::{Head, Set};
use super::{KeyHash, set_of};
use core::sync::atomic::Ordering::Relaxed;

/// A value that is there, or was when it was found.
#[derive(Clone, Copy)]
pub struct Found {
    set: &'static Set,
    count: u32,
    at: u32,
    len: u16,
    sum: u16,
}

/// Why nothing was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotFound {
    /// It is not there.
    Absent,
    /// The set is being written.
    Busy,
    /// It is too old.
    Expired,
}

/// Looks for the value of `key`, in the epoch `epoch`, at the time `now`.
#[inline(always)]
pub fn find(hash: KeyHash, key: &[u8], epoch: u32, now: u32) -> Result<Found, NotFound> {
    let (_, set) = set_of(hash).ok_or(NotFound::Absent)?;
    let (count, found) = set
        .read(|| {
            let mut entry = None;
            let slot = set.slot(hash.tag(), |slot| {
                entry = set.head(slot).filter(|(at, head)| holds(set, *at, *head, key));
                entry.is_some()
            });
            let same_epoch = set.epoch.load(Relaxed) == epoch;
            slot.zip(entry).filter(|_| same_epoch)
        })
        .ok_or(NotFound::Busy)?;
    let (slot, (at, head)) = found.ok_or(NotFound::Absent)?;
    if now >= head.deadline() {
        return Err(NotFound::Expired);
    }
    set.refer(slot);
    Ok(Found { set, count, at: (at + Head::LEN) as u32, len: head.len() as u16, sum: head.sum() })
}

/// Whether it is the value of `key`. No key has a space in it, hence not a part of another.
#[inline(always)]
fn holds(set: &Set, at: usize, head: Head, key: &[u8]) -> bool {
    let text = at + Head::LEN;
    head.len() > key.len()
        && set.data.matches(text, key)
        && set.data.load::<u8>(text + key.len()) == Some(b' ')
}

impl Found {
    /// Bytes of the value's text: `KEY FLAGS BYTES\r\nDATA\r\n`.
    #[inline(always)]
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// The checksum's partial sum of that text with `VALUE ` in front.
    #[inline(always)]
    pub fn sum(&self) -> u16 {
        self.sum
    }

    /// Fills `to` with the text from its byte `from` on. False if it is no longer there: then what
    /// is in `to` is good for nothing.
    #[inline(always)]
    pub fn copy_to(&self, from: usize, to: &mut [u8]) -> bool {
        self.set.data.copy_to(self.at as usize + from, to) && self.set.unchanged_since(self.count)
    }
}
