// SPDX-License-Identifier: GPL-2.0-only
//! Requests of the binary protocol.

use super::effect::{Effect, Lost, Next, Op, Reply, Sink, Target};
use super::words::MAX_KEY;

/// The first byte of a request.
pub(super) const MAGIC: u8 = 0x80;
pub(super) const HEADER: usize = 24;

/// The parts of a request, but for the value, that the header tells the lengths of.
#[derive(Clone, Copy)]
struct Header {
    opcode: u8,
    key: usize,
    extras: usize,
    /// Key, extras and value.
    body: u64,
    cas: u64,
}

impl Header {
    fn read(header: &[u8; HEADER]) -> Option<Self> {
        let [MAGIC, opcode, key0, key1, extras, ..] = *header else {
            return None;
        };
        let key = usize::from(u16::from_be_bytes([key0, key1]));
        let (body, cas) = (field(header, 8)?, field(header, 16)?);
        let header = Self {
            opcode,
            key,
            extras: extras.into(),
            body: u32::from_be_bytes(body).into(),
            cas: u64::from_be_bytes(cas),
        };
        (key <= MAX_KEY && extras <= 20 && header.value().is_some()).then_some(header)
    }

    fn value(&self) -> Option<u64> {
        self.body.checked_sub((self.key + self.extras) as u64)
    }

    /// Whether it has a key, so many bytes of extras, and no value.
    fn is_for_key(&self, extras: usize) -> bool {
        self.key > 0 && self.extras == extras && self.value() == Some(0)
    }
}

fn field<const N: usize>(header: &[u8], at: usize) -> Option<[u8; N]> {
    header.get(at..)?.first_chunk().copied()
}

/// How many bytes, value not among them, the request has that begins with `start`; of less than
/// [`HEADER`] bytes at least so many.
pub(super) fn needed(start: &[u8]) -> Result<usize, Lost> {
    match start.first_chunk() {
        Some(header) => {
            let header = Header::read(header).ok_or(Lost)?;
            Ok(HEADER + header.extras + header.key)
        }
        // Anything else would close the connection.
        None if start.first().is_some_and(|magic| *magic != MAGIC) => Err(Lost),
        None => Ok(HEADER),
    }
}

/// Reads a request of [`needed`] bytes.
pub(super) fn request(request: &[u8], sink: &mut impl Sink) -> Result<Next, Lost> {
    parse(request, sink).ok_or(Lost)
}

fn parse(request: &[u8], sink: &mut impl Sink) -> Option<Next> {
    let (start, rest) = request.split_first_chunk()?;
    let header = Header::read(start)?;
    let (extras, key) = rest.split_at_checked(header.extras)?;
    let empty = header.body == 0;
    let mut effect = |op, exptime: Option<u32>, conditional| {
        let exptime = exptime.map(i64::from);
        let target = if key.is_empty() { Target::All } else { Target::Key(key) };
        sink.effect(Effect { op, target, exptime, conditional });
    };
    let (quiet, opcode) = loud(header.opcode);
    let reply = if quiet { Reply::None } else { Reply::Other };
    let whole = Next::Command(reply);
    Some(match opcode {
        // get, getk
        0x00 | 0x0c if header.is_for_key(0) => Next::Command(Reply::Other),
        // set, add, replace
        0x01..=0x03 if header.key > 0 && extras.len() == 8 => {
            let exptime = u32::from_be_bytes(field(extras, 4)?);
            let op = match opcode {
                _ if header.cas != 0 => Op::Cas,
                0x01 => Op::Set,
                0x02 => Op::Add,
                _ => Op::Replace,
            };
            effect(op, Some(exptime), op != Op::Set);
            Next::Value(header.value()?, reply)
        }
        0x04 if header.is_for_key(0) => {
            effect(Op::Delete, (header.cas == 0).then_some(0), false);
            whole
        }
        // incr, decr: the expiry is that of an item which was not there
        0x05 | 0x06 if header.is_for_key(20) => {
            let exptime = Some(u32::from_be_bytes(field(extras, 16)?)).filter(|n| *n != u32::MAX);
            let op = if opcode == 0x05 { Op::Incr } else { Op::Decr };
            effect(op, exptime, exptime.is_some());
            whole
        }
        // quit
        0x07 if empty => Next::Nothing(reply),
        // flush
        0x08 if header.key == 0 && header.value() == Some(0) && matches!(extras.len(), 0 | 4) => {
            let delay = field(extras, 0).map(u32::from_be_bytes).filter(|delay| *delay != 0);
            effect(Op::Flush, delay, false);
            whole
        }
        // noop, version, list of SASL mechanisms
        0x0a | 0x0b | 0x20 if empty => whole,
        // append, prepend
        0x0e | 0x0f if header.key > 0 && extras.is_empty() => {
            let op = if opcode == 0x0e { Op::Append } else { Op::Prepend };
            effect(op, None, false);
            Next::Value(header.value()?, reply)
        }
        // stat
        0x10 if extras.is_empty() && header.value() == Some(0) => whole,
        // touch, gat, gatk
        0x1c | 0x1d | 0x23 if header.is_for_key(4) => {
            effect(Op::Touch, field(extras, 0).map(u32::from_be_bytes), true);
            Next::Command(Reply::Other)
        }
        // SASL auth and step
        0x21 | 0x22 if header.key > 0 && extras.is_empty() => Next::Value(header.value()?, reply),
        _ => return None,
    })
}

/// Whether `opcode` is that of a quiet command, and the one of the same command that is not.
fn loud(opcode: u8) -> (bool, u8) {
    match opcode {
        // getq, getkq, gatq, gatkq
        0x09 => (true, 0x00),
        0x0d => (true, 0x0c),
        0x1e => (true, 0x1d),
        0x24 => (true, 0x23),
        // setq, addq, replaceq, deleteq, incrq, decrq, quitq, flushq
        0x11..=0x18 => (true, opcode - 0x10),
        // appendq, prependq
        0x19 | 0x1a => (true, opcode - 0x0b),
        _ => (false, opcode),
    }
}
