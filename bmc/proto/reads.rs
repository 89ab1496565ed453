// SPDX-License-Identifier: GPL-2.0-only
//! Commands that do nothing but read.

use super::text::only_reads;
use super::words::newline;

/// How many lines the bytes are, if each is a whole `get` or `gets`, whatever is in it; `None` if
/// there is anything else. [`Requests`](super::Requests) find no effect in them.
#[inline(never)]
pub fn count_gets(bytes: &[u8]) -> Option<u32> {
    let (mut rest, mut n) = (bytes, 0u32);
    while only_reads(rest) {
        rest = rest.get(newline(rest)? + 1..)?;
        n = n.saturating_add(1);
    }
    (rest.is_empty() && n != 0).then_some(n)
}
