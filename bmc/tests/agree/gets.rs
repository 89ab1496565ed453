// SPDX-License-Identifier: GPL-2.0-only
//! Whether each spelling of `get` that is accepted means what the plain one does.

use crate::generate::KEYS;
use crate::random::Random;
use crate::server::Server;

/// The number of spellings that were accepted, at least `count`, and refused.
pub fn check(server: &mut Server, random: &mut Random, count: u64) -> Result<(u64, u64), String> {
    for (i, key) in KEYS.iter().enumerate() {
        if i % 3 != 2 {
            let set = [b"set ", *key, format!(" {i} 0 2\r\nv{}\r\n", i % 10).as_bytes()].concat();
            server.command(&set)?;
        }
    }
    let (mut accepted, mut refused) = (0, 0);
    while accepted < count {
        let text = spelling(random);
        let Some(keys) = proto::get_keys(&text) else {
            refused += 1;
            continue;
        };
        let keys: Vec<&[u8]> = keys.collect();
        let plain = [b"get ", keys.join(b" ".as_slice()).as_slice(), b"\r\n"].concat();
        let (a, b) = (server.get(&plain)?, server.get(&text)?);
        if a != b {
            return Err(format!("{} is not {}", text.escape_ascii(), plain.escape_ascii()));
        }
        accepted += 1;
    }
    Ok((accepted, refused))
}

fn spelling(random: &mut Random) -> Vec<u8> {
    let mut text = b"get".to_vec();
    let many = if random.percent(10) { 40 } else { 4 };
    for _ in 0..=random.below(many) {
        (0..=random.below(12) / 10).for_each(|_| text.push(b' '));
        text.extend(random.pick(&KEYS));
    }
    if random.percent(20) {
        text.push(b' ');
    }
    text.extend(random.pick(&[b"\r\n".as_slice(), b"\r\n", b"\n", b"\r\r\n"]));
    for _ in 0..random.below(8) / 5 {
        let at = random.below(text.len());
        match random.below(3) {
            0 => {
                text[at] =
                    random.pick(&[&b' ', &b'\r', &0, &b'\t', &b'\n', &b'x', &0xff]).to_owned()
            }
            1 => _ = text.remove(at),
            _ => text.insert(at, b' '),
        }
    }
    text
}
