// SPDX-License-Identifier: GPL-2.0-only
use super::no_blanks;

/// The longest key that memcached takes.
pub const MAX_KEY: usize = 250;

/// The key of a GET of one key, in the one spelling `get KEY\r\n`.
///
/// memcached understands more (several keys, more spaces, a bare newline): that is `None`.
pub fn get_key(text: &[u8]) -> Option<&[u8]> {
    let key = text.strip_prefix(b"get ")?.strip_suffix(b"\r\n")?;
    (!key.is_empty() && key.len() <= MAX_KEY && no_blanks(key)).then_some(key)
}

/// The most keys of one GET that is answered.
pub const MAX_KEYS: usize = 32;

/// The keys of a GET, in the order of the request; one that stands there twice comes twice.
#[derive(Clone, Debug)]
pub struct Keys<'a> {
    /// From the first byte of the next key on, without the end of the line.
    rest: &'a [u8],
    left: usize,
}

impl<'a> Keys<'a> {
    /// The key, if it is only one.
    #[inline(always)]
    pub fn single(&self) -> Option<&'a [u8]> {
        (self.left == 1).then_some(self.rest)
    }
}

impl<'a> Iterator for Keys<'a> {
    type Item = &'a [u8];

    #[inline(always)]
    fn next(&mut self) -> Option<&'a [u8]> {
        self.left = self.left.checked_sub(1)?;
        let len = self.rest.iter().position(|byte| *byte == b' ').unwrap_or(self.rest.len());
        let (key, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest.trim_ascii_start();
        Some(key)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Keys<'_> {}

/// The keys of a GET of up to [`MAX_KEYS`] keys, in any spelling that memcached understands as just
/// this: spaces between, bare newline.
#[inline(always)]
pub fn get_keys(text: &[u8]) -> Option<Keys<'_>> {
    get_key(text).map(|key| Keys { rest: key, left: 1 })
}
