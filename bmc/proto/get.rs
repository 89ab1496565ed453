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
