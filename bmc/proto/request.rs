// SPDX-License-Identifier: GPL-2.0-only
//! What a server reads on one TCP connection, or in one UDP datagram: which keys it may change.

use super::effect::{Complete, Lost, Next, Reply, Shape, Sink};
use super::words::newline;
use super::{binary, text};

/// The words that [`Requests`] are kept in.
pub const WORDS: usize = 48;

/// The longest line, with its end, but for GETs, which can be of any length: more than a command
/// with a key of 250 bytes can need. No binary request is longer, but for the value.
const LINE: usize = (WORDS - 2) * 8;

/// What the next byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The first of the connection, which says what protocol it has.
    Start,
    /// Of a line; of the next one, if `len` is 0.
    Line,
    /// Of a line of which only the end matters.
    Get,
    /// Of a value, or of the end of its line.
    Value,
    /// Of a request of the binary protocol.
    Binary,
    /// Of the value of one.
    BinaryValue,
    /// Nothing that memcached would understand as a command.
    Nothing,
}

/// Follows the commands of one connection.
#[derive(Clone, Debug)]
pub struct Requests {
    phase: Phase,
    /// Of the command that a value belongs to.
    reply: Reply,
    /// Bytes of `line` that are there; in [`Phase::Value`], bytes of the end of the line.
    len: usize,
    /// Bytes of the value to come.
    value: u64,
    /// A command that has begun; only if one has: it is large.
    line: Option<[u8; LINE]>,
}

impl Requests {
    /// Before the first byte of a connection, which decides the protocol.
    pub const fn new() -> Self {
        Self { phase: Phase::Start, reply: Reply::Other, len: 0, value: 0, line: None }
    }

    /// Between two commands of a connection that is known to have the text protocol.
    pub const fn text() -> Self {
        Self { phase: Phase::Line, ..Self::new() }
    }

    /// Between two commands of a connection that is known to have the binary protocol.
    pub const fn binary() -> Self {
        Self { phase: Phase::Binary, ..Self::new() }
    }

    /// Goes on from where [`save`](Self::save) was called. Any words are safe. Not all words are
    /// asked for.
    #[inline(always)]
    pub fn load(word: impl Fn(usize) -> u64) -> Self {
        let mut requests = Self::new();
        requests.load_into(word);
        requests
    }

    /// [`load`](Self::load), without copying it, into a new one.
    #[inline(always)]
    pub fn load_into(&mut self, word: impl Fn(usize) -> u64) {
        let requests = self;
        let [phase, reply, len @ .., _, _, _, _] = word(0).to_le_bytes();
        requests.phase = match phase {
            0 => Phase::Start,
            1 => Phase::Line,
            2 => Phase::Get,
            3 => Phase::Value,
            4 => Phase::Binary,
            5 => Phase::BinaryValue,
            _ => Phase::Nothing,
        };
        requests.reply = match reply {
            0 => Reply::None,
            1 => Reply::OneLine,
            _ => Reply::Other,
        };
        requests.len = usize::from(u16::from_le_bytes(len)).min(LINE - 1);
        requests.value = word(1);
        if requests.len != 0 {
            requests.load_line(word);
        }
    }

    /// Gives the words that [`load`](Self::load) will ask for; others need not be kept.
    #[inline(always)]
    pub fn save(&self, mut word: impl FnMut(usize, u64)) {
        let [low, high] = (self.len as u16).to_le_bytes();
        let first = [self.phase as u8, self.reply as u8, low, high, 0, 0, 0, 0];
        word(0, u64::from_le_bytes(first));
        word(1, self.value);
        if let Some(line) = &self.line {
            let (words, _) = line.as_chunks::<8>();
            for (i, from) in words.iter().take(self.len.div_ceil(8)).enumerate() {
                word(2 + i, u64::from_le_bytes(*from));
            }
        }
    }

    #[cold]
    fn load_line(&mut self, word: impl Fn(usize) -> u64) {
        let (words, _) = self.line.insert([0; LINE]).as_chunks_mut::<8>();
        for (i, to) in words.iter_mut().take(self.len.div_ceil(8)).enumerate() {
            *to = word(2 + i).to_le_bytes();
        }
    }

    /// What there is of a command.
    fn begun(&self) -> &[u8] {
        self.line.as_ref().and_then(|line| line.get(..self.len)).unwrap_or_default()
    }

    /// Takes the next bytes of the connection. More bytes of a value may come:
    /// [`skippable`](Self::skippable). After [`Lost`] this is of no use any more.
    #[inline(always)]
    pub fn feed(&mut self, bytes: &[u8], sink: &mut impl Sink) -> Result<(), Lost> {
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = self.step(rest, sink)?;
        }
        Ok(())
    }

    /// Takes some of the next bytes, of one command at most: those that are left.
    #[inline(always)]
    pub fn step<'a>(&mut self, bytes: &'a [u8], sink: &mut impl Sink) -> Result<&'a [u8], Lost> {
        if self.phase == Phase::Start
            && let Some(first) = bytes.first()
        {
            let binary = *first == binary::MAGIC;
            self.phase = if binary { Phase::Binary } else { Phase::Line };
        }
        match self.phase {
            Phase::Line => self.feed_line(bytes, sink),
            Phase::Get => Ok(self.feed_get(bytes, sink)),
            Phase::Value | Phase::BinaryValue => self.feed_value(bytes, sink),
            Phase::Binary => self.feed_binary(bytes, sink),
            // Of no bytes, nothing is known.
            Phase::Start => Ok(bytes),
            Phase::Nothing => Err(Lost),
        }
    }

    /// So many of the coming bytes are of a value: [`advance`](Self::advance) over them instead
    /// of feeding them.
    #[inline(always)]
    pub fn skippable(&self) -> usize {
        match self.phase {
            Phase::Value => self.value as usize,
            // The last one completes the command.
            Phase::BinaryValue => self.value.saturating_sub(1) as usize,
            _ => 0,
        }
    }

    /// Passes over `n` bytes that are not shown, at most [`skippable`](Self::skippable).
    #[inline(always)]
    pub fn advance(&mut self, n: usize) {
        self.value -= n.min(self.skippable()) as u64;
    }

    /// Whether the next byte is the first of a command.
    pub fn at_boundary(&self) -> bool {
        match self.phase {
            Phase::Start | Phase::Nothing => true,
            Phase::Line | Phase::Binary => self.len == 0,
            _ => false,
        }
    }

    /// Whether the next byte is the first of a line, on a connection that has had one before: the
    /// server knows that it has the text protocol.
    pub fn awaits_line(&self) -> bool {
        self.phase == Phase::Line && self.len == 0
    }

    /// What it would say, from the first of the words that were kept.
    #[inline(always)]
    pub fn kept_awaits_line(first: u64) -> bool {
        let [phase, _, len @ .., _, _, _, _] = first.to_le_bytes();
        phase == Phase::Line as u8 && len == [0; 2]
    }

    /// Takes bytes up to the end of the line, or all. What is left.
    #[inline(always)]
    fn feed_line<'a>(&mut self, bytes: &'a [u8], sink: &mut impl Sink) -> Result<&'a [u8], Lost> {
        let room = bytes.get(..LINE - self.len).unwrap_or(bytes);
        let Some(end) = newline(room) else {
            return self.keep_line(bytes);
        };
        let (piece, rest) = bytes.split_at_checked(end + 1).ok_or(Lost)?;
        let next =
            if self.len == 0 { text::line(piece, sink) } else { self.put_together(piece, sink) }?;
        self.go_on(next, Phase::Line, Phase::Value, sink);
        Ok(rest)
    }

    #[inline(never)]
    fn put_together(&mut self, end: &[u8], sink: &mut impl Sink) -> Result<Next, Lost> {
        self.keep(end);
        text::line(self.begun(), sink)
    }

    /// Keeps all bytes, which are of one line; if it is too long, only what matters of it.
    #[inline(never)]
    fn keep_line<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], Lost> {
        let rest = self.keep(bytes);
        if self.len == LINE {
            if !text::only_reads(self.begun()) {
                return Err(Lost);
            }
            self.len = 0;
            self.phase = Phase::Get;
        }
        Ok(rest)
    }

    /// Adds bytes to what there is of a command, as many as there is room for. What is left.
    fn keep<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let line = self.line.get_or_insert([0; LINE]);
        let to = line.get_mut(self.len..).unwrap_or_default();
        let len = to.len().min(bytes.len());
        if let (Some(to), Some((from, rest))) = (to.get_mut(..len), bytes.split_at_checked(len)) {
            to.copy_from_slice(from);
            self.len += len;
            return rest;
        }
        &[]
    }

    #[inline(never)]
    fn feed_get<'a>(&mut self, bytes: &'a [u8], sink: &mut impl Sink) -> &'a [u8] {
        let Some((_, rest)) = newline(bytes).and_then(|end| bytes.split_at_checked(end + 1)) else {
            return &[];
        };
        self.end_shaped(Shape::Values.reply(), Shape::Values, Phase::Line, sink);
        rest
    }

    #[inline(always)]
    fn feed_value<'a>(&mut self, bytes: &'a [u8], sink: &mut impl Sink) -> Result<&'a [u8], Lost> {
        let skipped = bytes.len().min(self.skippable());
        self.advance(skipped);
        let Some((byte, rest)) = bytes.get(skipped..).and_then(<[u8]>::split_first) else {
            return Ok(&[]);
        };
        match (self.phase, self.len, byte) {
            (Phase::BinaryValue, ..) => self.end_command(self.reply, Phase::Binary, sink),
            (_, 0, b'\r') => self.len = 1,
            (_, 1, b'\n') => self.end_command(self.reply, Phase::Line, sink),
            _ => return Err(Lost),
        }
        Ok(rest)
    }

    #[inline(never)]
    fn feed_binary<'a>(&mut self, bytes: &'a [u8], sink: &mut impl Sink) -> Result<&'a [u8], Lost> {
        let (next, rest) = if self.len == 0
            && let Some((request, rest)) = bytes.split_at_checked(binary::needed(bytes)?)
        {
            (binary::request(request, sink)?, rest)
        } else {
            // First the header, then what it says.
            let needed = binary::needed(self.begun())?;
            let missing = needed.checked_sub(self.len).ok_or(Lost)?;
            let piece = bytes.get(..missing).unwrap_or(bytes);
            self.keep(piece);
            let request = self.begun();
            let rest = bytes.get(piece.len()..).unwrap_or_default();
            if binary::needed(request)? > self.len {
                return Ok(rest);
            }
            let next = binary::request(request, sink)?;
            self.len = 0;
            (next, rest)
        };
        self.go_on(next, Phase::Binary, Phase::BinaryValue, sink);
        Ok(rest)
    }

    /// What comes after a line or header: a `command`, or a `value`.
    #[inline(always)]
    fn go_on(&mut self, next: Next, command: Phase, value: Phase, sink: &mut impl Sink) {
        match next {
            Next::Command(reply) => self.end_command(reply, command, sink),
            Next::Shaped(shape) => self.end_shaped(shape.reply(), shape, command, sink),
            Next::Value(0, reply) if value == Phase::BinaryValue => {
                self.end_command(reply, command, sink);
            }
            Next::Value(len, reply) => {
                self.len = 0;
                (self.phase, self.value, self.reply) = (value, len, reply);
            }
            Next::Nothing(reply) => self.end_command(reply, Phase::Nothing, sink),
        }
    }

    #[inline(always)]
    fn end_command(&mut self, reply: Reply, phase: Phase, sink: &mut impl Sink) {
        self.end_shaped(reply, reply.shape(), phase, sink);
    }

    #[inline(always)]
    fn end_shaped(&mut self, reply: Reply, shape: Shape, phase: Phase, sink: &mut impl Sink) {
        self.len = 0;
        self.phase = phase;
        sink.complete(Complete { reply, shape });
    }
}

impl Default for Requests {
    fn default() -> Self {
        Self::new()
    }
}
