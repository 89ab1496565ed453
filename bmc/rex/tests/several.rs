// SPDX-License-Identifier: GPL-2.0-only
//! GETs of several keys, and other spellings of a GET.

use super::frames::*;
use super::*;

/// The reply of all these keys and values.
fn all(pairs: &[(&[u8], &[u8])]) -> Vec<u8> {
    let blocks = pairs.iter().flat_map(|(key, value)| block(key, value));
    blocks.chain(*b"END\r\n").collect()
}

/// A GET of that text has that reply.
#[track_caller]
fn says(session: &Session, text: &[u8], pairs: &[(&[u8], &[u8])]) {
    for request in [Datagram::request(text), Datagram::request6(text)] {
        answers(session, &request.bytes(), &request.reply(&all(pairs)).bytes());
    }
}

#[test]
fn all_values_in_the_order_of_the_keys() {
    let session = start();
    let pairs: [(&[u8], &[u8]); 4] =
        [(b"one", b"1"), (b"two", b"22"), (b"three", b""), (b"4", &pattern(301))];
    pairs.iter().for_each(|(key, value)| put(key, value));
    says(&session, b"get one two\r\n", &pairs[..2]);
    says(&session, b"get two one\r\n", &[pairs[1], pairs[0]]);
    says(&session, b"get one two three 4\r\n", &pairs);
    says(&session, b"get 4 4 one\r\n", &[pairs[3], pairs[3], pairs[0]]);
    let (hits, keys) = (counted(Stat::Hits), counted(Stat::HitKeys));
    let request = Datagram::request(b"get one two three\r\n");
    answers(&session, &request.bytes(), &request.reply(&all(&pairs[..3])).bytes());
    assert_eq!((counted(Stat::Hits) - hits, counted(Stat::HitKeys) - keys), (1, 3));
}

#[test]
fn any_miss_passes_all() {
    let session = start();
    put(b"one", b"1");
    put(b"two", b"2");
    for text in [&b"get one no\r\n"[..], b"get no one\r\n", b"get one two no\r\n"] {
        passes_as(&session, Stat::Misses, &Datagram::request(text).bytes());
    }
}

#[test]
fn up_to_what_fits_a_datagram() {
    let session = start();
    let longest = 1392 - all(&[(b"one", b""), (b"two", b"")]).len() - 2 - 3;
    for (len, fits) in [(longest / 2 + 1, true), (longest / 2 + 2, false)] {
        put(b"one", &pattern(longest / 2));
        put(b"two", &pattern(len));
        let request = Datagram::request(b"get one two\r\n");
        let reply = all(&[(b"one", &pattern(longest / 2)), (b"two", &pattern(len))]);
        assert_eq!(reply.len() <= 1392, fits, "{}", reply.len());
        if fits {
            answers(&session, &request.bytes(), &request.reply(&reply).bytes());
        } else {
            passes_as(&session, Stat::PassRoom, &request.bytes());
        }
        passes_as(&session, Stat::PassRoom, &Datagram::request6(b"get one two\r\n").bytes());
    }
}

#[test]
fn as_many_keys_as_there_may_be() {
    let session = start();
    let keys: Vec<Vec<u8>> = (0..33).map(|i| format!("key{i}").into_bytes()).collect();
    keys.iter().for_each(|key| put(key, key));
    for n in [31, 32] {
        let pairs: Vec<(&[u8], &[u8])> = keys[..n].iter().map(|key| (&key[..], &key[..])).collect();
        let text = [b"get ", &keys[..n].join(&b' ')[..], b"\r\n"].concat();
        says(&session, &text, &pairs);
    }
    let text = [b"get ", &keys.join(&b' ')[..], b"\r\n"].concat();
    passes_as(&session, Stat::PassForm, &Datagram::request(&text).bytes());
}

#[test]
fn other_spellings() {
    let session = start();
    put(b"key", b"value");
    put(b"k", &pattern(1000));
    for text in [&b"get key\n"[..], b"get  key\r\n", b"get key \r\n", b"get   key  \n"] {
        let (verdict, frame) = run(&session, &Datagram::request(text).bytes());
        // Answered or not, as the parser likes.
        if verdict == XdpVerdict::Tx {
            says(&session, text, &[(b"key", b"value")]);
        } else {
            assert_eq!(frame, Datagram::request(text).bytes());
        }
    }
    says(&session, b"get key k\r\n", &[(b"key", b"value"), (b"k", &pattern(1000))]);
}

#[test]
fn no_checksum_no_answer() {
    let session = start();
    put(b"one", b"1");
    put(b"two", b"2");
    let request = Datagram { check: Check::Wrong, ..Datagram::request(b"get one two\r\n") };
    passes_as(&session, Stat::PassChecksum, &request.bytes());
    let request = Datagram { options: vec![1; 8], ..Datagram::request(b"get one two\r\n") };
    let reply = request.reply(&all(&[(b"one", b"1"), (b"two", b"2")]));
    answers(&session, &request.bytes(), &reply.bytes());
}
