// SPDX-License-Identifier: GPL-2.0-only
//! The short way to read a `set` says what the long way does, or nothing.

use super::super::*;

/// What [`Requests`] say, if that is one whole `set` without condition which is answered.
fn long_way(bytes: &[u8]) -> Option<(Vec<u8>, i64)> {
    #[derive(Default)]
    struct Said(Vec<(Vec<u8>, i64)>, Vec<Reply>);
    impl Sink for Said {
        fn effect(&mut self, effect: Effect<'_>) {
            let Target::Key(key) = effect.target else { panic!("of all keys") };
            assert_eq!((effect.op, effect.conditional), (Op::Set, false));
            self.0.push((key.to_vec(), effect.exptime.expect("an expiry")));
        }
        fn complete(&mut self, complete: Complete) {
            self.1.push(complete.reply);
        }
    }
    let (mut requests, mut said) = (Requests::text(), Said::default());
    requests.feed(bytes, &mut said).ok()?;
    let whole = requests.at_boundary() && said.1 == [Reply::OneLine];
    said.0.pop().filter(|_| whole && said.0.is_empty())
}

/// Whether the short way is taken.
fn is_plain(bytes: &[u8]) -> bool {
    let Some(set) = plain_set(bytes) else { return false };
    let expected = (set.key.to_vec(), set.exptime.into());
    assert_eq!(long_way(bytes), Some(expected), "{}", bytes.escape_ascii());
    true
}

fn set(words: &str, value: usize) -> Vec<u8> {
    [format!("set {words}\r\n").as_bytes(), &vec![b'v'; value], b"\r\n"].concat()
}

#[test]
fn plain_ones() {
    for value in [4, 9, 10, 99, 1000, 16_000] {
        for key in ["k", "key_of_8", "key_of_16_letters", &"k".repeat(250)] {
            for exptime in [0, 1, 9, 60, 2_592_000, 9_999_999] {
                for flags in [0, 7, 12, 9_999_999] {
                    assert!(is_plain(&set(&format!("{key} {flags} {exptime} {value}"), value)));
                }
            }
        }
    }
    let set = plain_set(b"set a\xff 0 30 5\r\n\r\n0\r\n\r\n").unwrap();
    assert_eq!(set, PlainSet { key: b"a\xff", exptime: 30 });
}

#[test]
fn others_are_not() {
    let lines = "a 0 0 9 noreply|a 0 0 9 |a  0 0 9|a 0  0 9|a 0 0  9| a 0 0 9|a 0 -1 9|a 0 +1 9|a 0 0 10|\
        a 0 0 8|a 0 0 x|a 0 x 9|a x 0 9|a 0 0 9x|a 0 0x 9|a 0x 0 9|a 0 9|a 0 01x 9|a 10000000 0 9|\
        a 0 10000000 9|a 0 0 10000000|a 0 0 00000009|a\t0 0 9||a 0 0 \u{b2}|a 0 0 -9|a 0 4294967296 9|\
        a 0 0| 0 0 9|a 0 0\t9|a 0 00 9 0";
    for words in lines.split('|') {
        assert!(!is_plain(&set(words, 9)), "{words}");
    }
    assert!(!is_plain(&set(&format!("{} 0 0 9", "k".repeat(251)), 9)));
    let good = set("key 0 0 9", 9);
    assert!(is_plain(&good));
    for len in 0..good.len() {
        assert!(!is_plain(&good[..len]), "{len}");
        assert!(!is_plain(&good[good.len() - len..]), "{len}");
        // The rest is of no account in a value, and of its own elsewhere.
        let _ = is_plain(&[&good[..len], b"\n", &good[len..]].concat());
    }
    assert!(!is_plain(&[&good[..], b"x"].concat()));
    assert!(!is_plain(&[&good[..], &good].concat()));
}

#[test]
fn any_byte_at_any_place() {
    for words in ["key 0 0 12", "key 7 0 12", "key 0 60 12", "k 4294967 9999999 12"] {
        let good = set(words, 12);
        assert!(is_plain(&good));
        let mut plain = 0;
        for at in 0..good.len() {
            for byte in 0..=255 {
                let mut other = good.clone();
                other[at] = byte;
                plain += usize::from(is_plain(&other));
            }
        }
        // Any value, any key, other flags and times.
        assert!(plain > 12 * 256, "{plain}");
    }
}
