// SPDX-License-Identifier: GPL-2.0-only
//! The bytes of system calls, in the memory of the process that makes them.

use crate::proto::{Lost, Requests, Sink};
use rex::probe::{UserAddr, read_user_bytes};
use rex::sock::Message;

/// So many bytes are looked at in one piece: most commands, without the value.
const PIECE: usize = 64;
/// No write of replies of one line each is longer.
const MAX_COUNTED: u64 = 4096;

/// Shows the parser `len` bytes, but for those of values.
#[inline(always)]
pub fn feed(
    requests: &mut Requests,
    mut at: UserAddr,
    mut len: usize,
    sink: &mut impl Sink,
) -> Result<(), Lost> {
    let mut buffer = [0; PIECE];
    loop {
        let skipped = requests.skippable().min(len);
        requests.advance(skipped);
        at = at.offset(skipped as i64);
        len -= skipped;
        if len == 0 {
            return Ok(());
        }
        let piece = buffer.get_mut(..len.min(PIECE)).ok_or(Lost)?;
        read_user_bytes(at, piece).map_err(|_| Lost)?;
        requests.feed(piece, sink)?;
        at = at.offset(piece.len() as i64);
        len -= piece.len();
    }
}

/// Calls `piece` with all bytes of a write, in pieces, until it says that this is enough.
fn pieces(message: &Message, mut piece: impl FnMut(&[u8]) -> bool) -> Option<()> {
    let mut buffer = [0; PIECE];
    for n in 0..message.segments() {
        let (mut at, mut len) = message.segment(n)?;
        while len > 0 {
            let bytes = buffer.get_mut(..(len as usize).min(PIECE))?;
            read_user_bytes(at, bytes).ok()?;
            if !piece(bytes) {
                return Some(());
            }
            at = at.offset(bytes.len() as i64);
            len -= bytes.len() as u64;
        }
    }
    Some(())
}

/// The number of lines in a write, if it is whole lines and they are not more than `most`.
pub fn lines(message: &Message, most: u32) -> Option<u32> {
    if message.count() > MAX_COUNTED {
        return None;
    }
    let (mut lines, mut last) = (0, 0);
    pieces(message, |bytes| {
        lines += bytes.iter().filter(|byte| **byte == b'\n').count() as u32;
        last = bytes.last().copied().unwrap_or(last);
        lines <= most
    })?;
    (lines <= most && last == b'\n').then_some(lines)
}

/// The first bytes of a write; zeroes where it is shorter.
pub fn head(message: &Message) -> Option<[u8; 8]> {
    let mut head = [0; 8];
    let mut len = 0;
    pieces(message, |bytes| {
        for (to, from) in head.iter_mut().skip(len).zip(bytes) {
            *to = *from;
        }
        len += bytes.len();
        len < 8
    })?;
    Some(head)
}

/// Fills `to` with a write of so many bytes; `None` if it is another number.
pub fn copy(message: &Message, to: &mut [u8]) -> Option<()> {
    let mut rest = to;
    for n in 0..message.segments() {
        let (at, len) = message.segment(n)?;
        let (bytes, behind) = rest.split_at_mut_checked(usize::try_from(len).ok()?)?;
        read_user_bytes(at, bytes).ok()?;
        rest = behind;
    }
    rest.is_empty().then_some(())
}

/// Whether `len` bytes are short, and their last is their only newline.
pub fn is_one_line(at: UserAddr, len: usize) -> bool {
    let mut buffer = [0; PIECE];
    let Some(bytes) = buffer.get_mut(..len) else { return false };
    read_user_bytes(at, bytes).is_ok()
        && bytes.iter().position(|byte| *byte == b'\n') == len.checked_sub(1)
}
