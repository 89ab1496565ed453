// SPDX-License-Identifier: GPL-2.0-only
use super::{blanks, bytes};

/// How much is searched for a space at once.
const BLOCK: usize = 32;

/// The keys behind each `set ` in `segment`, a piece of a TCP stream.
///
/// The piece may begin anywhere, so a `set ` in a value counts as well: a key too many costs a
/// miss, a key too few would be a stale answer. A key that the segment ends in comes as far as it
/// goes. A `set ` split over two segments is not found.
pub fn set_keys(segment: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (blocks, rest) = segment.as_chunks::<BLOCK>();
    let in_blocks = blocks
        .iter()
        .enumerate()
        .filter(|(_, block)| may_have_space(block))
        .flat_map(|(i, block)| spaces(block, i * BLOCK));
    in_blocks
        .chain(spaces(rest, blocks.len() * BLOCK))
        .filter_map(|space| key_behind(segment, space))
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

/// Where the spaces of `text` are, which begins at `start` of the segment.
fn spaces(text: &[u8], start: usize) -> impl Iterator<Item = usize> {
    text.iter().enumerate().filter(|(_, byte)| **byte == b' ').map(move |(i, _)| start + i)
}

/// The key behind the space at `space`, if "set" is before it.
fn key_behind(segment: &[u8], space: usize) -> Option<&[u8]> {
    let (before, after) = segment.split_at_checked(space)?;
    if !before.ends_with(b"set") {
        return None;
    }
    let after = after.strip_prefix(b" ")?;
    Some(after.get(..key_len(after)).unwrap_or(after))
}

/// The number of bytes before the first blank.
fn key_len(text: &[u8]) -> usize {
    let (words, rest) = text.as_chunks::<8>();
    let whole = words.iter().take_while(|word| blanks(u64::from_le_bytes(**word)) == 0).count();
    let tail = words.get(whole).map_or(rest, |word| word.as_slice());
    whole * 8 + tail.iter().take_while(|byte| **byte > b' ').count()
}
