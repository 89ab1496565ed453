// SPDX-License-Identifier: GPL-2.0-only
mod get;
mod question;
mod replies;
mod reply;
mod request;
mod set;

use super::*;

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
