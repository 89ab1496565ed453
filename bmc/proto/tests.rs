// SPDX-License-Identifier: GPL-2.0-only
mod get;
mod reply;
mod request;

use super::*;

fn keys(segment: &[u8]) -> Vec<&[u8]> {
    let mut keys = Vec::new();
    set_keys(segment, |key| keys.push(key));
    keys
}

#[test]
fn get_of_one_key() {
    assert_eq!(get_key(b"get a\r\n"), Some(&b"a"[..]));
    for len in 1..=MAX_KEY {
        let text = [b"get ", vec![b'k'; len].as_slice(), b"\r\n"].concat();
        assert_eq!(get_key(&text).map(<[u8]>::len), Some(len));
    }
    let binary: Vec<u8> = (b'!'..=255).collect();
    assert_eq!(get_key(&[b"get ", binary.as_slice(), b"\r\n"].concat()), Some(binary.as_slice()));
}

#[test]
fn other_requests_are_no_get() {
    let too_long = [b"get ", vec![b'k'; MAX_KEY + 1].as_slice(), b"\r\n"].concat();
    for text in [
        &b""[..],
        b"get",
        b"get ",
        b"get \r\n",
        b"get\r\n",
        b"get a",
        b"get a\n",
        b"get a\r",
        b"get a\r\n\r\n",
        b"get a b\r\n",
        b"get  a\r\n",
        b" get a\r\n",
        b"get a \r\n",
        b"GET a\r\n",
        b"gets a\r\n",
        b"gat 0 a\r\n",
        b"mg a\r\n",
        b"get a\tb\r\n",
        b"get a\0\r\n",
        b"get a\r\nget b\r\n",
        b"get abcdefgh ijklmnopq\r\n",
        b"set a 0 0 1\r\nx\r\n",
        &too_long,
    ] {
        assert_eq!(get_key(text), None, "{:?}", text.escape_ascii().to_string());
    }
}

#[test]
fn blank_anywhere_in_a_key_is_seen() {
    for len in 1..40 {
        for at in 0..len {
            for blank in 0..=b' ' {
                let mut key = vec![b'\xff'; len];
                key[at] = blank;
                let text = [b"get ", key.as_slice(), b"\r\n"].concat();
                assert_eq!(get_key(&text), None);
            }
        }
    }
}

fn reply(key: &[u8], numbers: &str, value: &[u8]) -> Vec<u8> {
    [b"VALUE ", key, b" ", numbers.as_bytes(), b"\r\n", value, b"\r\nEND\r\n"].concat()
}

#[test]
fn reply_of_one_value() {
    for len in [0, 1, 2, 7, 8, 100, 1000, 1300] {
        let text = reply(b"key", &format!("7 {len}"), &vec![b'v'; len]);
        let value = value_reply(&text).unwrap();
        assert_eq!(value.key, b"key");
        assert_eq!([b"VALUE key", value.rest].concat(), text);
    }
    for value in [&b"\n"[..], b"\r\nEND\r\n", b"\r\nVALUE b 0 1\r\nx", b"END\r\n\r\nEND\r\n"] {
        let text = reply(b"a", &format!("4294967295 {}", value.len()), value);
        assert_eq!(value_reply(&text).map(|value| value.key), Some(&b"a"[..]));
    }
}

#[test]
fn other_replies_are_none() {
    let two =
        [reply(b"a", "0 1", b"x").strip_suffix(b"END\r\n").unwrap(), &reply(b"b", "0 1", b"y")]
            .concat();
    for text in [
        &b""[..],
        b"END\r\n",
        b"VALUE ",
        b"VALUE a",
        b"VALUE a 0",
        b"VALUE a 0 1",
        b"VALUE a 0 1\r\n",
        b"VALUE a 0 1\r\nx",
        b"VALUE a 0 1\r\nx\r\n",
        b"VALUE a 0 1\r\nx\r\nEND",
        b"STORED\r\n",
        b"VALUE a 0 1\r\nx\r\nEND\r\n\r\n",
        b"VALUE  0 1\r\nx\r\nEND\r\n",
        b"VALUE a 0 1\nx\r\nEND\r\n",
        b"HD\r\n",
        &two,
        &reply(b"a", "0 1 33", b"x"),
        &reply(b"a", "0 2", b"x"),
        &reply(b"a", "0 0", b"x"),
        &reply(b"a", "0 99999999999", b"x"),
        &reply(b"a", "0 -1", b"x"),
        &reply(b"a", "-1 1", b"x"),
        &reply(b"a", "x 1", b"x"),
        &reply(b"a", " 1", b"x"),
        &reply(b"a", "4294967296 1", b"x"),
        &reply(&[b'k'; 251], "0 1", b"x"),
        &reply(b"a\t", "0 1", b"x"),
    ] {
        assert_eq!(value_reply(text), None, "{:?}", text.escape_ascii().to_string());
    }
}

#[test]
fn every_cut_reply_is_none() {
    let text = reply(b"some_key", "0 20", b"01234567890123456789");
    for len in 0..text.len() {
        assert_eq!(value_reply(&text[..len]), None);
    }
}

#[test]
fn set_keys_at_any_place() {
    assert_eq!(keys(b"set a 0 0 1\r\nx\r\n"), [b"a"]);
    assert_eq!(keys(b"set a 0 0 1\r\nx\r\nset b 0 0 1\r\ny\r\n"), [b"a", b"b"]);
    assert_eq!(keys(b""), [b""; 0]);
    assert_eq!(keys(b"set"), [b""; 0]);
    assert_eq!(keys(b"get set\r\n"), [b""; 0]);
    for before in 0..80 {
        for len in [1, 7, 8, 9, 15, 16, 17, 250] {
            let key = vec![b'k'; len];
            for filler in [b'x', 0xa0, b'\n'] {
                let text = [&vec![filler; before], &b"set "[..], &key, b" 0 0 1\r\nx\r\n"].concat();
                assert_eq!(keys(&text), [key.as_slice()]);
            }
        }
    }
}

#[test]
fn set_keys_when_the_segment_ends_in_the_key() {
    assert_eq!(keys(b"set abcdefghijk"), [b"abcdefghijk"]);
    assert_eq!(keys(b"set "), [b""]);
}

#[test]
fn set_keys_agree_with_a_plain_search() {
    // every text of a few letters that matter, around the border of a block
    let letters = b"set x";
    let mut state = 1u32;
    for _ in 0..50_000 {
        let text: Vec<u8> = (0..70)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                letters[(state >> 16) as usize % letters.len()]
            })
            .collect();
        let plain = text.windows(4).filter(|w| *w == b"set ").count();
        assert_eq!(keys(&text).len(), plain);
    }
}

#[test]
fn hash_depends_on_all_of_key_and_seed() {
    let mut seen = std::collections::HashSet::new();
    for len in 1..=MAX_KEY {
        let key = vec![b'k'; len];
        assert!(seen.insert(hash(1, &key)));
        for at in 0..len {
            let mut other = key.clone();
            other[at] = b'K';
            assert!(seen.insert(hash(1, &other)));
        }
    }
    assert_ne!(hash(1, b"key"), hash(2, b"key"));
    // from wherever it is read
    let buffer = b"..key_of_19_bytes_abc.";
    assert_eq!(hash(7, &buffer[2..21]), hash(7, b"key_of_19_bytes_abc".to_vec().as_slice()));
}

#[test]
fn single_datagrams() {
    assert!(is_single(&[0, 0, 0, 0, 0, 1, 0, 0]));
    assert!(is_single(&[255, 255, 0, 0, 0, 1, 0, 0]));
    for at in 2..8 {
        let mut frame = [0, 0, 0, 0, 0, 1, 0, 0];
        frame[at] ^= 2;
        assert!(!is_single(&frame));
    }
}
