// SPDX-License-Identifier: GPL-2.0-only

use super::super::*;

fn blocks(text: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    Some(values(text)?.map(|block| (block.key, block.text)).collect())
}

#[test]
fn replies_of_several_values() {
    let a = b"VALUE a 0 1\r\nx\r\n".as_slice();
    let tricky = b"VALUE b 7 23\r\n\r\nEND\r\nVALUE c 0 1\r\nx\r\n\r\n".as_slice();
    let empty = b"VALUE c 4294967295 0\r\n\r\n".as_slice();
    assert_eq!(blocks(b"END\r\n").unwrap(), []);
    let both = [a, tricky, empty, a, b"END\r\n"].concat();
    let expected: [(&[u8], &[u8]); 4] = [(b"a", a), (b"b", tricky), (b"c", empty), (b"a", a)];
    assert_eq!(blocks(&both).unwrap(), expected);
    for len in 0..both.len() {
        assert_eq!(blocks(&both[..len]), None);
    }
    for text in [
        [&both, b"\r\n".as_slice()].concat(),
        [&both, a].concat(),
        [a, b"VALUE b 0 1 33\r\nx\r\nEND\r\n"].concat(),
        [a, b"VALUE  0 1\r\nx\r\nEND\r\n"].concat(),
        [a, b"VALUE b\t 0 1\r\nx\r\nEND\r\n"].concat(),
        [a, b"VALUE b\t0 0 1\r\nx\r\nEND\r\n"].concat(),
        [a, b"VALUE b 0 2\r\nx\r\nEND\r\n"].concat(),
        [a, b"HD\r\nEND\r\n"].concat(),
        [a, b"VALUE b 0 99999999999\r\nx\r\nEND\r\n"].concat(),
        [a, b"VALUE b 0 -1\r\nx\r\nEND\r\n"].concat(),
        [a, b"VALUE b -1 1\r\nx\r\nEND\r\n"].concat(),
        [a, b"VALUE b 4294967296 1\r\nx\r\nEND\r\n"].concat(),
        [a, b"VALUE b  1\r\nx\r\nEND\r\n"].concat(),
        [a, b"VALUE b 0 1\nx\r\nEND\r\n"].concat(),
        [b"VALUE ", [b'k'; 251].as_slice(), b" 0 1\r\nx\r\nEND\r\n"].concat(),
    ] {
        assert_eq!(blocks(&text), None, "{}", text.escape_ascii());
    }
}
