// SPDX-License-Identifier: GPL-2.0-only
//! Answers to what waits in a connection's queue.

use crate::get::Question as Cache;
use crate::proto::{self, KeyList, MetaFlag, MetaFlags, Question};
use crate::stats::{Stat, add, count};
use crate::store::{END, VALUE, Value};

/// Behind the key of an entry: ` FLAGS BYTES\r\n`, at most.
const LINE: usize = 1 + 10 + 1 + 10 + 2;
/// The decimal digits of a number.
const DIGITS: usize = 20;

/// The question that the bytes begin with.
#[inline(always)]
pub fn first_question(bytes: &[u8]) -> Option<Question<'_>> {
    Some(first_line(bytes)?.0)
}

/// With the length of its line.
#[inline(always)]
fn first_line(bytes: &[u8]) -> Option<(Question<'_>, usize)> {
    if !matches!(bytes.first(), Some(b'g' | b'm')) {
        return None;
    }
    let len = proto::newline(bytes)? + 1;
    Some((Question::of(bytes.get(..len)?)?, len))
}

#[inline(always)]
fn find(cache: &Cache, key: &[u8]) -> Result<Value, Stat> {
    let found = cache.find(key).map_err(|_| Stat::TcpMisses)?;
    Value::of(found).ok_or(Stat::TcpMisses)
}

/// Whether the cache has all that is asked for.
pub fn is_hit(cache: &Cache, question: &Question<'_>) -> bool {
    match question.clone() {
        Question::Get { mut keys, cas } => {
            let mut some = false;
            while let Some(key) = keys.next() {
                let Some(key) = key else { return some };
                if !has(cache, key, cas) {
                    return false;
                }
                some = true;
            }
            false
        }
        Question::Meta { key, mut flags } => {
            let cas = flags.any(|flag| flag == MetaFlag::Cas);
            has(cache, key, cas)
        }
        Question::End => true,
    }
}

/// Whether the value of the key is there; with the number for `cas`, if that is wanted.
pub fn has(cache: &Cache, key: &[u8], cas: bool) -> bool {
    find(cache, key).is_ok_and(|value| value.is_there() && (!cas || value.cas().is_some()))
}

/// What is answered.
#[derive(Default)]
pub struct Answer {
    /// Bytes of commands.
    pub consumed: usize,
    /// Bytes of the reply.
    pub len: usize,
    /// Values.
    pub keys: u64,
}

/// Answers the leading commands of `bytes` in `room`.
#[inline(always)]
pub fn answer(bytes: &[u8], room: &mut [u8]) -> Answer {
    let Ok(cache) = Cache::new() else { return Answer::default() };
    let (mut consumed, mut hits, mut keys) = (0, 0, 0);
    let mut reply = Reply { room, len: 0 };
    while let Some((question, len)) = bytes.get(consumed..).and_then(first_line) {
        let before = reply.len;
        match reply.answer(&cache, question) {
            Ok(found) => keys += found,
            Err(why) => {
                reply.len = before;
                count(why);
                break;
            }
        }
        consumed += len;
        hits += 1;
    }
    if hits != 0 {
        add(Stat::TcpHits, hits);
        add(Stat::TcpHitKeys, keys);
    }
    Answer { consumed, len: reply.len, keys }
}

struct Reply<'a> {
    room: &'a mut [u8],
    len: usize,
}

impl Reply<'_> {
    /// How many values there are. An error: what to count, and the reply is to be taken back.
    #[inline(always)]
    fn answer(&mut self, cache: &Cache, question: Question<'_>) -> Result<u64, Stat> {
        match question {
            Question::Get { keys, cas } => self.get(cache, keys, cas),
            Question::Meta { key, flags } => self.meta(cache, key, flags),
            Question::End => {
                self.put(b"MN\r\n")?;
                Ok(0)
            }
        }
    }

    #[inline(always)]
    fn get(&mut self, cache: &Cache, mut keys: KeyList<'_>, cas: bool) -> Result<u64, Stat> {
        let mut n = 0;
        while let Some(key) = keys.next().ok_or(Stat::TcpForm)? {
            let found = find(cache, key)?;
            self.put(VALUE)?;
            if cas {
                self.value_with_cas(key, &found)?;
            } else {
                let to = self.take(found.len())?;
                found.copy_to(0, to).then_some(()).ok_or(Stat::TcpMisses)?;
            }
            n += 1;
        }
        if n == 0 {
            return Err(Stat::TcpForm);
        }
        self.put(END)?;
        Ok(n)
    }

    #[inline(never)]
    fn value_with_cas(&mut self, key: &[u8], found: &Value) -> Result<(), Stat> {
        let cas = found.cas().ok_or(Stat::TcpMisses)?;
        let line = Line::of(key, found).ok_or(Stat::TcpMisses)?;
        self.put(key)?;
        self.put(b" ")?;
        self.put(line.flags())?;
        self.put(b" ")?;
        self.put(line.bytes())?;
        self.put(b" ")?;
        self.number(cas)?;
        self.put(b"\r\n")?;
        self.data(key, found, &line)
    }

    #[inline(never)]
    fn meta(&mut self, cache: &Cache, key: &[u8], flags: MetaFlags<'_>) -> Result<u64, Stat> {
        let found = find(cache, key)?;
        let line = Line::of(key, &found).ok_or(Stat::TcpMisses)?;
        let value = flags.value;
        if value {
            self.put(b"VA ")?;
            self.put(line.bytes())?;
        } else {
            self.put(b"HD")?;
        }
        for flag in flags {
            self.put(b" ")?;
            match flag {
                MetaFlag::Opaque(text) => self.put(text)?,
                // memcached gives it in base64 if it was stored so, which nobody here knows.
                MetaFlag::Key => return Err(Stat::TcpForm),
                MetaFlag::Flags => {
                    self.put(b"f")?;
                    self.put(line.flags())?;
                }
                MetaFlag::Size => {
                    self.put(b"s")?;
                    self.put(line.bytes())?;
                }
                MetaFlag::Cas => {
                    self.put(b"c")?;
                    self.number(found.cas().ok_or(Stat::TcpMisses)?)?;
                }
            }
        }
        self.put(b"\r\n")?;
        if value {
            self.data(key, &found, &line)?;
        }
        // The number may have been read after it was another's.
        found.is_there().then_some(1).ok_or(Stat::TcpMisses)
    }

    /// The value itself, with the end of its line.
    fn data(&mut self, key: &[u8], found: &Value, line: &Line) -> Result<(), Stat> {
        let from = key.len() + line.len;
        let to = self.take(found.len().checked_sub(from).ok_or(Stat::TcpMisses)?)?;
        found.copy_to(from, to).then_some(()).ok_or(Stat::TcpMisses)
    }

    /// The next bytes of the reply.
    #[inline(always)]
    fn take(&mut self, len: usize) -> Result<&mut [u8], Stat> {
        let to = self.room.get_mut(self.len..).and_then(|room| room.get_mut(..len));
        let to = to.ok_or(Stat::TcpRoom)?;
        self.len += len;
        Ok(to)
    }

    #[inline(always)]
    fn put(&mut self, bytes: &[u8]) -> Result<(), Stat> {
        self.take(bytes.len())?.copy_from_slice(bytes);
        Ok(())
    }

    fn number(&mut self, mut number: u64) -> Result<(), Stat> {
        let mut digits = [b'0'; DIGITS];
        let mut len = 0;
        for to in digits.iter_mut().rev() {
            *to = b'0' + (number % 10) as u8;
            number /= 10;
            len += 1;
            if number == 0 {
                break;
            }
        }
        self.put(digits.get(DIGITS - len..).unwrap_or_default())
    }
}

/// What an entry says behind its key: ` FLAGS BYTES\r\n`.
struct Line {
    text: [u8; LINE],
    /// Where `BYTES` begins, and its end.
    bytes: usize,
    end: usize,
    /// Of all of it.
    len: usize,
}

impl Line {
    fn of(key: &[u8], found: &Value) -> Option<Self> {
        let mut text = [0; LINE];
        let len = found.len().checked_sub(key.len())?.min(LINE);
        found.copy_to(key.len(), text.get_mut(..len)?).then_some(())?;
        let end = text.iter().position(|byte| *byte == b'\r')?;
        let bytes = text.get(1..end)?.iter().position(|byte| *byte == b' ')? + 2;
        Some(Self { text, bytes, end, len: end + b"\r\n".len() })
    }

    fn flags(&self) -> &[u8] {
        self.text.get(1..self.bytes - 1).unwrap_or_default()
    }

    fn bytes(&self) -> &[u8] {
        self.text.get(self.bytes..self.end).unwrap_or_default()
    }
}
