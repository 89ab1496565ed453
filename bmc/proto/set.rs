// SPDX-License-Identifier: GPL-2.0-only
use super::bytes;
use super::words::word_len;

/// How much is searched for a space at once.
const BLOCK: usize = 32;

/// Calls `found` with the key behind each `set ` in `segment`, a piece of a TCP stream.
///
/// The piece may begin anywhere, so a `set ` in a value counts as well: a key too many costs a
/// miss, a key too few would be a stale answer. A key that the segment ends in comes as far as it
/// goes. A `set ` split over two segments is not found.
#[inline(always)]
pub fn set_keys<'a>(segment: &'a [u8], mut found: impl FnMut(&'a [u8])) {
    let (blocks, rest) = segment.as_chunks::<BLOCK>();
    for (i, block) in blocks.iter().enumerate() {
        if may_have_space(block) {
            keys_of_spaces(segment, i * BLOCK, block, &mut found);
        }
    }
    if !rest.is_empty() {
        keys_of_spaces(segment, segment.len() - rest.len(), rest, &mut found);
    }
}

/// Never false when there is a space; sometimes true for bytes from 0x80 on when there is none.
#[inline(always)]
fn may_have_space(block: &[u8; BLOCK]) -> bool {
    let (words, _) = block.as_chunks::<8>();
    let seen = words.iter().fold(0, |seen, word| {
        seen | (u64::from_le_bytes(*word) ^ bytes(b' ')).wrapping_sub(bytes(1))
    });
    seen & bytes(0x80) != 0
}

/// Calls `found` for each `set ` whose space is in `piece`, which begins at `start` of `segment`.
fn keys_of_spaces<'a>(
    segment: &'a [u8],
    start: usize,
    piece: &[u8],
    found: &mut impl FnMut(&'a [u8]),
) {
    let (words, rest) = piece.as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        let mut spaces = spaces_of(u64::from_le_bytes(*word));
        while spaces != 0 {
            let at = start + i * 8 + spaces.trailing_zeros() as usize / 8;
            key_behind(segment, at).map(&mut *found);
            spaces &= spaces - 1;
        }
    }
    for i in (0..rest.len()).filter(|i| rest.get(*i) == Some(&b' ')) {
        key_behind(segment, start + words.len() * 8 + i).map(&mut *found);
    }
}

/// The top bit of each space in `word`, and sometimes of a `!` above one.
fn spaces_of(word: u64) -> u64 {
    let zeros = word ^ bytes(b' ');
    zeros.wrapping_sub(bytes(1)) & !zeros & bytes(0x80)
}

/// The key behind the byte at `space`, if that is a space with "set" before it.
#[inline(always)]
fn key_behind(segment: &[u8], space: usize) -> Option<&[u8]> {
    let before: &[u8; 4] = segment.get(space.checked_sub(3)?..)?.first_chunk()?;
    if u32::from_le_bytes(*before) != u32::from_le_bytes(*b"set ") {
        return None;
    }
    let after = segment.get(space + 1..)?;
    after.get(..word_len(after))
}
