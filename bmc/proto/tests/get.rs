// SPDX-License-Identifier: GPL-2.0-only

use super::super::*;

fn keys(text: &[u8]) -> Option<Vec<&[u8]>> {
    let keys = get_keys(text)?;
    let len = keys.len();
    let keys: Vec<_> = keys.collect();
    assert_eq!(keys.len(), len);
    Some(keys)
}

#[test]
fn gets_of_several_keys() {
    assert_eq!(keys(b"get a\r\n").unwrap(), [b"a"]);
    assert_eq!(keys(b"get a\n").unwrap(), [b"a"]);
    assert_eq!(keys(b"get  a  \r\n").unwrap(), [b"a"]);
    assert_eq!(keys(b"get a b\r\n").unwrap(), [b"a", b"b"]);
    assert_eq!(keys(b"get  a  b   a \n").unwrap(), [b"a", b"b", b"a"]);
    assert_eq!(keys(b"get some_key_of_24_characters x\r\n").unwrap().len(), 2);
    for count in 1..=MAX_KEYS + 1 {
        for separator in [" ", "  "] {
            let names: Vec<String> = (0..count).map(|i| format!("key_{i}")).collect();
            let text = format!("get {}\r\n", names.join(separator));
            match count <= MAX_KEYS {
                true => assert_eq!(
                    keys(text.as_bytes()).unwrap(),
                    names.iter().map(String::as_bytes).collect::<Vec<_>>()
                ),
                false => assert_eq!(keys(text.as_bytes()), None),
            }
        }
    }
    for len in [1, 7, 8, 9, 249, 250, 251] {
        let key = "k".repeat(len);
        for text in [format!("get {key} b\n"), format!("get b  {key}\r\n"), format!("get {key} \n")]
        {
            assert_eq!(keys(text.as_bytes()).is_some(), len <= MAX_KEY, "{text}");
        }
    }
}

#[test]
fn gets_that_are_not_answered() {
    for text in [
        &b""[..],
        b"\n",
        b"get \n",
        b"get  \r\n",
        b"get\n",
        b" get a\n",
        b"get\ta\n",
        b"get a\t b\n",
        b"get a\tb c\n",
        b"get a b\x01\n",
        b"get a \r b\n",
        b"get a b\r\r\n",
        b"get a b\r\n\r\n",
        b"get a\nget b\n",
        b"get a b",
        b"gets a b\r\n",
        b"gat 1 a\r\n",
        b"mg a v\r\n",
        b"\x80get a\r\n",
    ] {
        assert_eq!(keys(text), None, "{}", text.escape_ascii());
    }
}
