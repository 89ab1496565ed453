// SPDX-License-Identifier: GPL-2.0-only
//! Streams of commands: most as they should be, in every spelling, some damaged.

use crate::random::Random;

/// Keys that streams share, so that their commands meet.
pub const KEYS: [&[u8]; 12] = [
    b"a",
    b"b",
    b"abcdefg",
    b"abcdefgh",
    b"key_of_19_bytes_abc",
    b"noreply",
    b"0",
    b"set",
    b"\xff\x80\x7f!",
    b"YQ==",
    b"YWJj",
    &[b'k'; 250],
];

/// Keys that only a base64 or a binary command can name.
const ODD_KEYS: [&[u8]; 3] = [b"a b", b"\r\nset a 0 0 1\r\n", b"\0"];

/// What the server would answer to, and what damaged lines are made of.
const SCRAPS: [&[u8]; 30] = [
    b" ",
    b"  ",
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b"\t",
    b"0",
    b"-",
    b"1",
    b"noreply",
    b" noreply",
    b"set a 0 0 1\r\n",
    b"set ",
    b"get ",
    b"get a\r\n",
    b"delete a\r\n",
    b"ms a 2\r\n",
    b"mn\r\n",
    b"mg a v\r\n",
    b" b",
    b" q",
    b" T0",
    b" T5000",
    b"flush_all\r\n",
    b"99999999999",
    b"\x80",
    b"4294967295",
    b"2147483648",
    b"x",
];

/// Ids of items that are there, for `cas`.
pub type Ids<'a> = &'a [u64];

/// A stream, and whether it is of the binary protocol.
pub fn stream(random: &mut Random, ids: Ids<'_>) -> Vec<u8> {
    let mut stream = Vec::new();
    let binary = random.percent(15);
    for _ in 0..=random.below(8) {
        let command = if binary {
            binary_command(random, ids)
        } else if random.percent(30) {
            meta(random, ids)
        } else {
            text(random, ids)
        };
        stream.extend(command);
    }
    if random.percent(30) {
        for _ in 0..=random.below(3) {
            damage(random, &mut stream);
        }
    }
    stream
}

fn damage(random: &mut Random, stream: &mut Vec<u8>) {
    if stream.is_empty() {
        return;
    }
    let at = random.below(stream.len());
    match random.below(7) {
        0 => stream[at] = random.next() as u8,
        1 => stream[at] ^= 1 << random.below(8),
        2 => _ = stream.remove(at),
        3 => {
            let scrap = random.pick(&SCRAPS);
            stream.splice(at..at, scrap.iter().copied());
        }
        4 => {
            let scrap = random.pick(&SCRAPS);
            let end = (at + scrap.len()).min(stream.len());
            stream.splice(at..end, scrap.iter().copied());
        }
        5 => {
            let end = (at + 1 + random.below(12)).min(stream.len());
            let piece = stream[at..end].to_vec();
            let to = random.below(stream.len());
            stream.splice(to..to, piece);
        }
        _ => stream.truncate(at + 1),
    }
}

fn key<'a>(random: &mut Random) -> &'a [u8] {
    if random.percent(80) { KEYS[random.below(3)] } else { random.pick(&KEYS) }
}

/// Far from one another and from the time that a test takes.
fn exptime(random: &mut Random, now: u64) -> String {
    match random.below(9) {
        0..3 => "0".into(),
        3 => "-1".into(),
        4 => "5000".into(),
        5 => "2592000".into(),
        6 => "0020000".into(),
        7 => (now + 50_000).to_string(),
        _ => random.pick(&["2592001", "2147483647", "-2147483647", "100000"]).to_string(),
    }
}

fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

fn value(random: &mut Random) -> Vec<u8> {
    let len = match random.below(40) {
        0 => 3000,
        1 => 20_000,
        2 if random.percent(5) => 700_000,
        3 if random.percent(5) => 1_100_000,
        other => other,
    };
    match random.below(4) {
        // a number, for incr
        0 => random.below(1000).to_string().into_bytes(),
        1 => b"set a 0 0 2\r\nxy\r\nflush_all\r\nVALUE b 0 1\r\n"
            .iter()
            .cycle()
            .take(len)
            .copied()
            .collect(),
        _ => (0..len).map(|_| random.next() as u8).collect(),
    }
}

fn id(random: &mut Random, ids: Ids<'_>) -> u64 {
    match random.below(4) {
        0 => random.next(),
        _ if ids.is_empty() => 7,
        _ => ids[random.below(ids.len())],
    }
}

/// Words to a line.
fn line(random: &mut Random, words: &[&[u8]]) -> Vec<u8> {
    let mut line = Vec::new();
    let loose = random.percent(10);
    for (i, word) in words.iter().enumerate() {
        if i != 0 {
            line.push(b' ');
        }
        while loose && random.percent(30) && (i != 0 || random.percent(10)) {
            line.push(b' ');
        }
        line.extend(*word);
    }
    if loose && random.percent(40) {
        line.push(b' ');
    }
    line.extend(if random.percent(10) { b"\n".as_slice() } else { b"\r\n" });
    line
}

fn text(random: &mut Random, ids: Ids<'_>) -> Vec<u8> {
    let key = key(random);
    let exptime = exptime(random, now());
    let mut words: Vec<Vec<u8>> = Vec::new();
    let mut data = None;
    match random.below(24) {
        0..9 => {
            let command =
                random.pick(&["set", "set", "set", "add", "replace", "append", "prepend", "cas"]);
            let value = value(random);
            let flags = random.pick(&["0", "7", "4294967295"]);
            words.extend([
                command.into(),
                key.to_vec(),
                flags.into(),
                exptime.into(),
                value.len().to_string().into(),
            ]);
            if command == "cas" {
                words.push(id(random, ids).to_string().into());
            }
            data = Some(value);
        }
        9..11 => {
            words.extend([b"delete".to_vec(), key.to_vec()]);
            if random.percent(20) {
                words.push(b"0".to_vec());
            }
        }
        11..14 => {
            let command = random.pick(&["incr", "decr"]);
            let by = random.pick(&["1", "18446744073709551615", "007"]);
            words.extend([command.into(), key.to_vec(), by.into()]);
        }
        14..16 => words.extend([b"touch".to_vec(), key.to_vec(), exptime.into()]),
        16 => {
            words.extend([random.pick(&["gat", "gats"]).into(), exptime.into()]);
            (0..=random.below(3)).for_each(|_| words.push(self::key(random).to_vec()));
        }
        17..20 => {
            words.push(random.pick(&["get", "gets"]).into());
            let many = if random.percent(5) { 100 } else { 4 };
            (0..=random.below(many)).for_each(|_| words.push(self::key(random).to_vec()));
        }
        20 if random.percent(20) => {
            words.push(b"flush_all".to_vec());
            if random.percent(50) {
                words.push(random.pick(&["0", "-1", "100"]).into());
            }
        }
        21 => {
            let other: &[&[u8]] = &[
                b"version",
                b"mn",
                b"stats",
                b"stats settings",
                b"verbosity 0",
                b"me a",
                b"quit",
                b"lru mode segmented",
                b"slabs automove 1",
                b"cache_memlimit 64",
                b"unknown a",
                b"lru_crawler sleep 100",
                b"stats reset",
                b"shutdown",
                b"refresh_certs",
            ];
            words.push(random.pick(other).to_vec());
            let line: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
            return self::line(random, &line);
        }
        _ => words.extend([b"get".to_vec(), key.to_vec()]),
    }
    if random.percent(20) {
        words.push(b"noreply".to_vec());
    }
    let line: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
    let mut command = self::line(random, &line);
    if let Some(data) = data {
        command.extend(data);
        command.extend(b"\r\n");
    }
    command
}

pub fn base64(key: &[u8]) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = Vec::new();
    for group in key.chunks(3) {
        let bits =
            group.iter().fold(0, |bits, b| bits << 8 | usize::from(*b)) << (8 * (3 - group.len()));
        for i in 0..4 {
            text.push(if i > group.len() { b'=' } else { LETTERS[bits >> (18 - 6 * i) & 63] });
        }
    }
    text
}

fn meta(random: &mut Random, ids: Ids<'_>) -> Vec<u8> {
    let command = random.pick(&["mg", "mg", "ms", "ms", "ms", "md", "ma"]);
    let mut key = key(random).to_vec();
    let mut flags: Vec<Vec<u8>> = Vec::new();
    if random.percent(20) {
        let odd = random.percent(30);
        key = base64(if odd { random.pick(&ODD_KEYS) } else { &key });
        flags.push(b"b".to_vec());
    }
    for _ in 0..random.below(5) {
        let letter = random.pick(&[
            "c", "f", "h", "k", "l", "q", "s", "t", "u", "v", "x", "I", "C", "E", "F", "J", "D",
            "N", "R", "T", "T", "M", "O", "P", "L", "S",
        ]);
        let argument = match letter {
            "C" => id(random, ids).to_string(),
            "E" => (1 << 40 | random.next() >> 32).to_string(),
            "F" | "J" | "D" => random.below(100).to_string(),
            "N" | "R" | "T" => exptime(random, now()),
            "M" if command == "ma" => random.pick(&["I", "D", "+", "-", "i", "d", "x"]).into(),
            "M" => random.pick(&["S", "E", "A", "P", "R", "a", "s", "e", "X"]).into(),
            "O" => "opaque".into(),
            _ => String::new(),
        };
        flags.push(format!("{letter}{argument}").into());
    }
    let value = value(random);
    let len = value.len().to_string();
    let mut words: Vec<&[u8]> = vec![command.as_bytes(), &key];
    if command == "ms" {
        words.push(len.as_bytes());
    }
    words.extend(flags.iter().map(Vec::as_slice));
    let mut line = self::line(random, &words);
    if command == "ms" {
        line.extend(value);
        line.extend(b"\r\n");
    }
    line
}

fn binary_command(random: &mut Random, ids: Ids<'_>) -> Vec<u8> {
    let key = if random.percent(10) { random.pick(&ODD_KEYS) } else { key(random) };
    let exptime: u32 = exptime(random, now()).parse().unwrap_or(u32::MAX);
    let mut extras = Vec::new();
    let mut value = Vec::new();
    let opcode = random.pick(&[
        &0x00u8, &0x01, &0x01, &0x02, &0x03, &0x04, &0x05, &0x06, &0x07, &0x08, &0x09, &0x0a,
        &0x0b, &0x0c, &0x0d, &0x0e, &0x0f, &0x10, &0x11, &0x12, &0x13, &0x14, &0x15, &0x16, &0x17,
        &0x18, &0x19, &0x1a, &0x1c, &0x1d, &0x1e, &0x20, &0x21, &0x23, &0x24,
    ]);
    let mut opcode = *opcode;
    // These end or empty everything: not too often.
    if matches!(opcode, 0x07 | 0x17 | 0x08 | 0x18) && random.percent(70) {
        opcode = 0x11;
    }
    let mut has_key = true;
    match opcode {
        0x01..=0x03 | 0x11..=0x13 => {
            extras.extend(7u32.to_be_bytes());
            extras.extend(exptime.to_be_bytes());
            value = self::value(random);
        }
        0x05 | 0x06 | 0x15 | 0x16 => {
            extras.extend([1u64, 5].map(u64::to_be_bytes).concat());
            extras.extend(exptime.to_be_bytes());
        }
        0x07 | 0x17 | 0x0a | 0x0b | 0x20 => has_key = false,
        0x08 | 0x18 => {
            has_key = false;
            if random.percent(50) {
                extras.extend([0, 0, 0, *random.pick(&[&0u8, &100])]);
            }
        }
        0x0e | 0x0f | 0x19 | 0x1a | 0x21 => value = self::value(random),
        0x10 => has_key = false,
        0x1c | 0x1d | 0x1e | 0x23 | 0x24 => extras.extend(exptime.to_be_bytes()),
        _ => {}
    }
    let key = if has_key { key } else { b"" };
    let cas = if random.percent(20) { id(random, ids) } else { 0 };
    let body = (extras.len() + key.len() + value.len()) as u32;
    let mut request = vec![0x80, opcode, 0, key.len() as u8, extras.len() as u8, 0, 0, 0];
    request.extend(body.to_be_bytes());
    request.extend(*b"opaq");
    request.extend(cas.to_be_bytes());
    request.extend([&extras, key, &value].concat());
    request
}
