// SPDX-License-Identifier: GPL-2.0-only
use super::no_blanks;
use super::words::{MAX_KEY, Words, word_len};

/// The most keys of one GET that is answered.
pub const MAX_KEYS: usize = 32;

/// The key of a GET of one key, in the one spelling `get KEY\r\n`.
///
/// memcached understands more (several keys, more spaces, a bare newline): that is `None`.
#[inline(always)]
pub fn get_key(text: &[u8]) -> Option<&[u8]> {
    let key = text.strip_prefix(b"get ")?.strip_suffix(b"\r\n")?;
    (!key.is_empty() && key.len() <= MAX_KEY && no_blanks(key)).then_some(key)
}

/// The keys of a GET, in the order of the request; one that stands there twice comes twice.
#[derive(Clone, Debug)]
pub struct Keys<'a> {
    /// From the first byte of the next key on; behind the last there is nothing.
    rest: &'a [u8],
    left: usize,
}

impl<'a> Iterator for Keys<'a> {
    type Item = &'a [u8];

    #[inline(always)]
    fn next(&mut self) -> Option<&'a [u8]> {
        self.left = self.left.checked_sub(1)?;
        if self.left == 0 {
            return Some(core::mem::take(&mut self.rest));
        }
        let (key, mut rest) = self.rest.split_at_checked(word_len(self.rest))?;
        while let Some((b' ', behind)) = rest.split_first() {
            rest = behind;
        }
        self.rest = rest;
        Some(key)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Keys<'_> {}

/// The keys of a GET of up to [`MAX_KEYS`] keys, in any spelling that each version of memcached
/// understands as just this: more spaces between or behind, a bare newline.
#[inline(always)]
pub fn get_keys(text: &[u8]) -> Option<Keys<'_>> {
    match get_key(text) {
        Some(key) => Some(Keys { rest: key, left: 1 }),
        None => get_several(text),
    }
}

/// [`get_keys`] in any other spelling than that of [`get_key`].
#[inline(never)]
pub fn get_several(text: &[u8]) -> Option<Keys<'_>> {
    let line = text.strip_prefix(b"get ")?.strip_suffix(b"\n")?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut words = Words::new(line);
    let (mut count, mut start, mut end) = (0, 0, 0);
    while let Some(key) = words.next_key()? {
        end = line.len() - words.rest().len();
        if count == 0 {
            start = end - key.len();
        }
        count += 1;
    }
    let keys = line.get(start..end)?;
    (1..=MAX_KEYS).contains(&count).then_some(Keys { rest: keys, left: count })
}
