// SPDX-License-Identifier: GPL-2.0-only
//! What is made of what a server writes, however it is cut.

use super::super::*;

fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

/// What of a value has come in pieces: the line, how much there is to come, and the bytes.
type Coming = Option<(Vec<u8>, u64, Vec<u8>)>;

fn come(coming: &mut Coming, part: Part<'_>) {
    match (coming, part) {
        (coming @ None, Part::Begins(Announced { line, meta, len })) => {
            assert_eq!(meta, line.starts_with(b"VA "));
            *coming = Some((line.to_vec(), len, Vec::new()));
        }
        (Some((_, _, bytes)), Part::More(more)) => bytes.extend(more),
        (_, part) => panic!("{part:?}"),
    }
}

fn show_value(block: Block<'_>) -> String {
    let cas = block.cas.map_or(String::new(), |(at, cas)| {
        assert_eq!(&block.text[at..at + 1], b" ");
        assert!(block.text[at + 1..].starts_with(cas.to_string().as_bytes()));
        format!(" cas {cas}")
    });
    format!("{}{cas}: {}", text(block.key), text(block.text))
}

fn show_meta(line: &[u8], value: &[u8]) -> String {
    format!("{} {}", text(line), text(value))
}

/// The parts, and whether the last one is whole. A value is `shown` with its text, whether
/// in one piece or not.
fn feed<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    skip: bool,
) -> (Vec<&'static str>, Vec<String>, bool) {
    let (mut value, mut meta, mut len, mut line) = (0, 0, 0, [0; REPLY_LINE]);
    let (mut parts, mut shown) = (Vec::new(), Vec::new());
    let mut coming = Coming::None;
    for mut piece in pieces {
        let mut replies =
            Replies { value: &mut value, meta: &mut meta, len: &mut len, line: &mut line };
        if skip {
            let skipped = replies.skippable().min(piece.len() as u64);
            replies.advance(skipped);
            piece = &piece[skipped as usize..];
        }
        replies.feed(piece, |part| {
            parts.push(match part {
                Part::Begins(_) | Part::More(_) => return come(&mut coming, part),
                Part::Value(_) => "value",
                Part::Meta(_) => "meta",
                Part::End => "end",
                Part::Mn => "mn",
                Part::Error => "error",
                Part::Line => "line",
                Part::Unknown => "unknown",
            });
            match part {
                Part::Value(Some(block)) => shown.push(show_value(block)),
                Part::Meta(Some((line, value))) => shown.push(show_meta(line, value)),
                Part::Value(None) | Part::Meta(None) => {
                    // In one piece, but with a wrong end, it does not begin.
                    let Some((line, len, bytes)) = coming.take() else { return };
                    if skip {
                        return;
                    }
                    assert_eq!(bytes.len() as u64, len);
                    let whole = [&line[..], &bytes].concat();
                    shown.push(match part {
                        Part::Meta(_) => show_meta(&line, &bytes),
                        _ => show_value(Block::of(&whole).expect("a value")),
                    });
                }
                _ => {}
            }
        });
    }
    (parts, shown, value == 0 && len == 0)
}

/// What is said of `bytes`, in one piece, byte by byte, and cut at each place.
fn whole(bytes: &[u8]) -> (Vec<&'static str>, Vec<String>) {
    let (parts, shown, boundary) = feed([bytes], false);
    let said = (parts.clone(), boundary);
    let same = |skip, (parts, cut, boundary)| {
        assert_eq!((parts, boundary), said, "{}", text(bytes));
        assert!(skip || cut == shown, "{}: {cut:?}", text(bytes));
    };
    for skip in [false, true] {
        same(skip, feed(bytes.chunks(1), skip));
        for at in 0..bytes.len() {
            let (a, b) = bytes.split_at(at);
            same(skip, feed([a, b], skip));
        }
    }
    assert!(boundary, "{}", text(bytes));
    (parts, shown)
}

#[track_caller]
fn says(bytes: &[u8], expected: &[&str]) {
    assert_eq!(whole(bytes).0, expected, "{}", text(bytes));
}

#[test]
fn lines() {
    says(b"STORED\r\nNOT_FOUND\r\n12\r\nHD s1 Oabc\r\nEN\r\n\r\n\n", &["line"; 7]);
    says(b"END\r\nMN\r\n", &["end", "mn"]);
    says(b"ERROR\r\nCLIENT_ERROR x\r\nSERVER_ERROR out of memory\r\n", &["error"; 3]);
    // Nobody writes these.
    says(b"END\nENDS\r\nMN \r\nMN\nVALUES\r\nVA\r\n", &["line"; 6]);
    says(&[&[b'x'; 400][..], b"\r\nEND\r\n"].concat(), &["line", "end"]);
}

#[test]
fn values_of_any_content() {
    let tricky = b"VALUE b 7 23\r\n\r\nEND\r\nVALUE c 0 1\r\nx\r\n\r\n";
    let (parts, shown) = whole(&[&tricky[..], b"END\r\n"].concat());
    assert_eq!(parts, ["value", "end"]);
    assert_eq!(shown, [format!("b: {}", text(tricky))]);
    let gets = b"VALUE key 0 0 18446744073709551615\r\n\r\nVALUE k 1 2 0\r\nxx\r\nEND\r\n";
    let (parts, shown) = whole(gets);
    assert_eq!(parts, ["value", "value", "end"]);
    assert!(shown[0].starts_with("key cas 18446744073709551615: VALUE key "));
    assert!(shown[1].starts_with("k cas 0: VALUE k 1 2 0"));
    let (parts, shown) = whole(b"VA 2 s2 kkey\r\n\r\n\r\nVA 0\r\n\r\nHD\r\n");
    assert_eq!(parts, ["meta", "meta", "line"]);
    assert_eq!(shown, ["VA 2 s2 kkey\\r\\n \\r\\n\\r\\n", "VA 0\\r\\n \\r\\n"]);
    let long = [&b"VALUE "[..], &[b'k'; 250], b" 4294967295 100000 18446744073709551615\r\n"];
    let long = [&long.concat()[..], &[b'v'; 100_000], b"\r\n"].concat();
    assert_eq!(feed([&long[..]], false).0, ["value"]);
    assert_eq!(feed(long.chunks(1), false).0, ["value"]);
    assert_eq!(feed(long.chunks(77), true).0, ["value"]);
}

#[test]
fn what_announces_no_value() {
    for line in [
        "VALUE \r\n",
        "VALUE k\r\n",
        "VALUE k 0\r\n",
        "VALUE k 0 x\r\n",
        "VALUE k x 1\r\n",
        "VALUE k 0 -1\r\n",
        "VALUE k 0 4294967296\r\n",
        "VALUE k 0 1\n",
        "VA \r\n",
        "VA x\r\n",
        "VA 1\n",
        &format!("VALUE {} 0 1\r\n", "k".repeat(251)),
        &format!("VALUE k 0 1{}\r\n", " ".repeat(320)),
    ] {
        assert_eq!(feed([line.as_bytes()], false).0.first(), Some(&"unknown"), "{line}");
        assert_eq!(feed(line.as_bytes().chunks(1), false).0, ["unknown"], "{line}");
    }
}

#[test]
fn a_value_without_the_end_of_its_line_is_not_shown() {
    let (parts, shown, _) = feed([&b"VALUE k 0 1\r\nxxxEND\r\n"[..]], false);
    assert_eq!((parts, shown.len()), (vec!["value", "end"], 0));
    let (parts, shown, _) = feed([&b"VA 1\r\nxxxEND\r\n"[..]], false);
    assert_eq!((parts, shown.len()), (vec!["meta", "end"], 0));
}
