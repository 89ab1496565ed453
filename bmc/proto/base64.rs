// SPDX-License-Identifier: GPL-2.0-only
//! Keys in base64, as meta commands can have them.

/// Room for what the longest key decodes to.
pub(super) type Decoded = [u8; 188];

/// Decodes `text` into `to`: whole groups of four, padding at the end only.
pub(super) fn decode<'a>(text: &[u8], to: &'a mut Decoded) -> Option<&'a [u8]> {
    let (groups, []) = text.as_chunks::<4>() else {
        return None;
    };
    let mut len = 0;
    for (i, group) in groups.iter().enumerate() {
        let padding = match group {
            [_, _, b'=', b'='] => 2,
            [_, _, _, b'='] => 1,
            _ => 0,
        };
        if padding != 0 && i + 1 != groups.len() {
            return None;
        }
        let bits = group
            .iter()
            .take(4 - padding)
            .try_fold(0, |bits, byte| Some(bits << 6 | u32::from(value(*byte)?)))?;
        let [_, bytes @ ..] = (bits << (6 * padding)).to_be_bytes();
        to.get_mut(len..len + 3)?.copy_from_slice(&bytes);
        len += 3 - padding;
    }
    to.get(..len).filter(|key| !key.is_empty())
}

fn value(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}
