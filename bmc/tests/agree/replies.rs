// SPDX-License-Identifier: GPL-2.0-only
//! Replies of memcached, one after the other.

/// The replies of the text protocol; whether each is just one line.
pub fn text(mut replies: &[u8]) -> Result<Vec<bool>, String> {
    let mut found = Vec::new();
    while !replies.is_empty() {
        let (one_line, len) =
            reply(replies).ok_or_else(|| format!("no reply: {}", replies.escape_ascii()))?;
        found.push(one_line);
        replies = &replies[len..];
    }
    Ok(found)
}

fn reply(replies: &[u8]) -> Option<(bool, usize)> {
    let first = line(replies)?;
    let word = |n: usize| std::str::from_utf8(first.split(|b| *b == b' ').nth(n)?).ok();
    if first.starts_with(b"VALUE ") {
        let len = first.len() + 2 + word(3)?.parse::<usize>().ok()? + 2;
        return Some((false, len + rest_of_many(replies.get(len..)?)?));
    }
    if first.starts_with(b"STAT ") {
        let len = first.len() + 2;
        return Some((false, len + rest_of_many(replies.get(len..)?)?));
    }
    if first.starts_with(b"VA ") {
        let len = first.len() + 2 + word(1)?.parse::<usize>().ok()? + 2;
        return (replies.len() >= len).then_some((false, len));
    }
    Some((true, first.len() + 2))
}

/// After a value or a line of statistics: more of them, and "END".
fn rest_of_many(replies: &[u8]) -> Option<usize> {
    let next = line(replies)?;
    if next == b"END" {
        return Some(5);
    }
    let many = next.starts_with(b"VALUE ") || next.starts_with(b"STAT ");
    many.then(|| reply(replies))?.map(|(_, len)| len)
}

fn line(replies: &[u8]) -> Option<&[u8]> {
    let end = replies.windows(2).position(|two| two == b"\r\n")?;
    replies.get(..end)
}

/// The number of replies of the binary protocol, those of statistics as one.
pub fn binary(mut replies: &[u8]) -> Result<usize, String> {
    let mut count = 0;
    while !replies.is_empty() {
        let bad = || format!("no reply: {}", replies.escape_ascii());
        let [0x81, opcode, k0, k1, _, _, _, _, b0, b1, b2, b3, ..] = *replies else {
            return Err(bad());
        };
        let body = u32::from_be_bytes([b0, b1, b2, b3]) as usize;
        let more = opcode == 0x10 && (k0, k1) != (0, 0);
        count += usize::from(!more);
        replies = replies.get(24 + body..).ok_or_else(bad)?;
    }
    Ok(count)
}
