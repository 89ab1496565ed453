// SPDX-License-Identifier: GPL-2.0-only
use super::words::{MAX_KEY, word_len};

/// Splits `text` at the first `byte`, which is in neither part.
fn split_at_byte(text: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|b| *b == byte)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// A decimal number that fits 32 bits, without sign.
fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u32, |n, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        n.checked_mul(10)?.checked_add(u32::from(digit))
    })
}

/// One value of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block<'a> {
    pub key: &'a [u8],
    /// All of it: `VALUE KEY FLAGS BYTES\r\nVALUE\r\n`, with ` CAS` behind `BYTES` if it was asked for.
    pub text: &'a [u8],
    /// Where ` CAS` begins, and what the number is.
    pub cas: Option<(usize, u64)>,
}

impl<'a> Block<'a> {
    /// `text` is just one value.
    pub fn of(text: &'a [u8]) -> Option<Self> {
        block(text).filter(|block| block.text.len() == text.len())
    }
}

/// The values of a reply, in their order.
#[derive(Clone, Debug)]
pub struct Blocks<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Block<'a>;

    fn next(&mut self) -> Option<Block<'a>> {
        let block = block(self.rest).filter(|block| block.cas.is_none())?;
        self.rest = self.rest.get(block.text.len()..)?;
        Some(block)
    }
}

/// The value at the start of `text`. Only the number of bytes says where it ends: it may hold
/// anything.
pub(super) fn block(text: &[u8]) -> Option<Block<'_>> {
    let line = text.strip_prefix(b"VALUE ")?;
    let (key, after_key) = line.split_at_checked(word_len(line))?;
    if key.is_empty() || key.len() > MAX_KEY {
        return None;
    }
    let (flags, after_flags) = split_at_byte(after_key.strip_prefix(b" ")?, b' ')?;
    let (bytes, after_bytes) = split_at_byte(after_flags, b'\r')?;
    let (bytes, cas) = match split_at_byte(bytes, b' ') {
        Some((bytes, cas)) => (bytes, Some(cas)),
        None => (bytes, None),
    };
    let cas = match cas {
        Some(digits) => {
            let behind = after_bytes.len() + b"\r ".len() + digits.len();
            Some((text.len() - behind, super::words::number(digits, u64::MAX)?))
        }
        None => None,
    };
    number(flags)?;
    let data = after_bytes.strip_prefix(b"\n")?;
    let behind = data.get(number(bytes)? as usize..)?.strip_prefix(b"\r\n")?;
    Some(Block { key, text: text.get(..text.len() - behind.len())?, cas })
}

/// The values of a whole reply to a `get`: `None` unless it is nothing but such values, none to
/// many, and `END\r\n` behind them.
pub fn values(text: &[u8]) -> Option<Blocks<'_>> {
    let mut blocks = Blocks { rest: text };
    blocks.by_ref().for_each(drop);
    (blocks.rest == b"END\r\n").then_some(Blocks { rest: text })
}
