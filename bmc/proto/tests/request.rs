// SPDX-License-Identifier: GPL-2.0-only
//! What the parser makes of streams, however they are cut.

use super::super::*;

/// All that a parser says, one line each.
#[derive(Default)]
struct Said(Vec<String>);

impl Sink for Said {
    fn effect(&mut self, effect: Effect<'_>) {
        let Effect { op, target, exptime, conditional } = effect;
        let target = match target {
            Target::All => "*".to_string(),
            Target::Key(key) => key.escape_ascii().to_string(),
        };
        let exptime = exptime.map_or("-".to_string(), |n| n.to_string());
        let maybe = if conditional { "?" } else { "" };
        self.0.push(format!("{op:?} {target} {exptime}{maybe}"));
    }

    fn complete(&mut self, complete: Complete) {
        self.0.push(format!("{:?}", complete.reply));
    }
}

/// Feeds `pieces`, with the state kept in words between them; each value byte that need not be
/// shown is not.
fn feed<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<(Vec<String>, bool), Lost> {
    let mut said = Said::default();
    let mut requests = Requests::new();
    let mut words = [0; WORDS];
    for mut piece in pieces {
        let skipped = requests.skippable().min(piece.len());
        requests.advance(skipped);
        piece = &piece[skipped..];
        requests.feed(piece, &mut said)?;
        requests.save(|i, word| words[i] = word);
        requests = Requests::load(|i| words[i]);
    }
    Ok((said.0, requests.at_boundary()))
}

/// What is said of `stream`, in one piece, byte by byte, and cut at each place.
fn whole(stream: &[u8]) -> Result<(Vec<String>, bool), Lost> {
    let said = feed([stream]);
    assert_eq!(feed(stream.chunks(1)), said, "{}", stream.escape_ascii());
    for at in 0..stream.len() {
        let (a, b) = stream.split_at(at);
        assert_eq!(feed([a, b]), said, "{} cut at {at}", stream.escape_ascii());
    }
    said
}

fn says(stream: &[u8], expected: &[&str]) {
    let (said, boundary) = whole(stream).unwrap_or_else(|_| panic!("{}", stream.escape_ascii()));
    assert_eq!(said, expected, "{}", stream.escape_ascii());
    assert!(boundary);
}

fn lost(stream: &[u8]) {
    assert_eq!(whole(stream), Err(Lost), "{}", stream.escape_ascii());
}

#[test]
fn storage_commands() {
    says(b"set a 0 0 1\r\nx\r\n", &["Set a 0", "OneLine"]);
    says(b"set  a  4294967295 -1 0 \r\n\r\n", &["Set a -1", "OneLine"]);
    says(b"set a 1 2147483647 3 noreply\nget\r\n", &["Set a 2147483647", "None"]);
    says(b"add a 0 9 1\r\nx\r\n", &["Add a 9?", "OneLine"]);
    says(b"replace a 0 9 01 noreply \r\nx\r\n", &["Replace a 9?", "None"]);
    says(b"append a 0 9 1\r\nx\r\n", &["Append a -?", "OneLine"]);
    says(b"prepend a 0 9 1\r\nx\r\n", &["Prepend a -?", "OneLine"]);
    says(b"cas a 0 9 1 18446744073709551615\r\nx\r\n", &["Cas a 9?", "OneLine"]);
    says(b"cas a 0 9 1 7 noreply\r\nx\r\n", &["Cas a 9?", "None"]);
    for bad in [
        &b" set a 0 0 1\r\nx\r\n"[..],
        b"SET a 0 0 1\r\nx\r\n",
        b"set\ta 0 0 1\r\nx\r\n",
        b"set a\t0 0 1\r\nx\r\n",
        b"set a 0 0 1\t\r\nx\r\n",
        b"set a\0 0 0 1\r\nx\r\n",
        b"set a 0 0\r\nx\r\n",
        b"set a 0 0 1 2\r\nx\r\n",
        b"set a 0 0 1 noreply x\r\nx\r\n",
        b"set a 0 0 1 Noreply\r\nx\r\n",
        b"set a 0 0 -1\r\nx\r\n",
        b"set a 0 0 +1\r\nx\r\n",
        b"set a 0 0 2147483646\r\nx\r\n",
        b"set a 0 0 00000000001\r\nx\r\n",
        b"set a 0 2147483648 1\r\nx\r\n",
        b"set a 0 - 1\r\nx\r\n",
        b"set a -1 0 1\r\nx\r\n",
        b"set a 4294967296 0 1\r\nx\r\n",
        b"set a x 0 1\r\nx\r\n",
        b"set a 0 0 1\r\r\nx\r\n",
        b"set a 0 0 1\r\nxy\r\n",
        b"set a 0 0 1\r\nx\n",
        b"set a 0 0 1\r\nx\rz",
        b"cas a 0 0 1\r\nx\r\n",
        b"cas a 0 0 1 18446744073709551616\r\nx\r\n",
        b"cas a 0 0 1 -1\r\nx\r\n",
        b"cas a 0 0 1 1 1\r\nx\r\n",
    ] {
        lost(bad);
    }
}

#[test]
fn keys_of_every_length() {
    for len in 1..=250 {
        let key = "k".repeat(len);
        let stream = format!("set {key} 0 0 2\r\nxy\r\ndelete {key}\r\n");
        let set = format!("Set {key} 0");
        says(stream.as_bytes(), &[&set, "OneLine", &format!("Delete {key} 0"), "OneLine"]);
    }
    lost(format!("set {} 0 0 1\r\nx\r\n", "k".repeat(251)).as_bytes());
    lost(format!("touch {} 0\r\n", "k".repeat(251)).as_bytes());
}

#[test]
fn values_may_hold_anything() {
    let inner = b"\r\nset b 0 0 1\r\nx\r\nflush_all\r\n\0\x80get c\r\n";
    let head = format!("set a 0 0 {}\r\n", inner.len());
    let stream = [head.as_bytes(), inner, b"\r\nset c 0 0 1\r\nx\r\n"].concat();
    says(&stream, &["Set a 0", "OneLine", "Set c 0", "OneLine"]);
}

#[test]
fn other_text_commands() {
    says(b"delete a\r\n", &["Delete a 0", "OneLine"]);
    says(b"delete a 0\r\n", &["Delete a 0", "OneLine"]);
    says(b"delete a 0 noreply\r\n", &["Delete a 0", "None"]);
    says(b"delete a  noreply\n", &["Delete a 0", "None"]);
    says(b"delete noreply\r\n", &["Delete noreply 0", "OneLine"]);
    says(b"incr a 1\r\n", &["Incr a -", "OneLine"]);
    says(b"decr a 18446744073709551615 noreply\r\n", &["Decr a -", "None"]);
    says(b"touch a -5\r\n", &["Touch a -5?", "OneLine"]);
    says(b"gat 7 a\r\n", &["Touch a 7?", "Other"]);
    says(b"gats 7 a b \r\n", &["Touch a 7?", "Touch b 7?", "Other"]);
    says(b"flush_all\r\n", &["Flush * -", "OneLine"]);
    says(b"flush_all noreply\r\n", &["Flush * -", "None"]);
    says(b"flush_all 0\r\n", &["Flush * -", "OneLine"]);
    says(b"flush_all -3\r\n", &["Flush * -", "OneLine"]);
    says(b"flush_all 10 noreply\r\n", &["Flush * 10", "None"]);
    says(b"get a\r\nget  a b c \nget\r\ngets a\r\n", &["Other"; 4]);
    says(b"version\r\nmn\r\nverbosity 1\r\n", &["OneLine"; 3]);
    says(b"verbosity 1 noreply\r\n", &["None"]);
    says(b"stats\r\nstats items\r\nstats cachedump 1 100\r\n", &["Other"; 3]);
    says(b"me a\r\nme YQ== b\r\n", &["Other"; 2]);
    says(b"cache_memlimit 64\r\n", &["Other * -", "Other"]);
    says(b"slabs reassign 1 2\r\nlru mode flat\n", &["Other * -", "Other", "Other * -", "Other"]);
    says(b"lru_crawler enable\r\nshutdown\r\n", &["Other * -", "Other", "Other * -", "Other"]);
    says(b"quit\r\n", &["None"]);
    says(b"watch fetchers\r\n", &["Other"]);
    says(b"lru_crawler metadump all\r\n", &["Other * -", "Other"]);
    for bad in [
        &b"\r\n"[..],
        b"\n",
        b"x\r\n",
        b"bget a\r\n",
        b"GET a\r\n",
        b" get a\r\n",
        b"delete\r\n",
        b"lru mode flat noreply\r\n",
        b"cache_memlimit 64 noreply \r\n",
        b"delete a 1\r\n",
        b"delete a 0 x\r\n",
        b"delete a noreply x\r\n",
        b"delete a\x01\r\n",
        b"incr a\r\n",
        b"incr a x\r\n",
        b"incr a -1\r\n",
        b"incr a 18446744073709551616\r\n",
        b"incr a 1 x\r\n",
        b"touch a\r\n",
        b"touch a 1 x\r\n",
        b"gat 1\r\n",
        b"gat x a\r\n",
        b"flush_all x\r\n",
        b"flush_all 0 x\r\n",
        b"version x\r\n",
        b"verbosity\r\n",
        b"verbosity x\r\n",
        b"mn x\r\n",
        b"quit x\r\n",
        b"quit\r\nget a\r\n",
        b"watch\r\nget a\r\n",
        b"lru_crawler mgdump all\r\nget a\r\n",
        b"stats \x01\r\n",
        b"misbehave\r\n",
    ] {
        lost(bad);
    }
}

#[test]
fn meta_commands() {
    says(b"mg a\r\nmg a t f k Oabc s\r\n", &["OneLine"; 2]);
    says(b"mg a v\r\nmg a q\r\nmg a v q\r\nmg Cg== b k\r\n", &["Other"; 4]);
    says(b"mg a T30\r\n", &["MetaGet a 30?", "OneLine"]);
    says(b"mg a N30 v\r\n", &["MetaGet a 30?", "Other"]);
    says(b"mg a N-1 T5 R3\r\n", &["MetaGet a 5?", "MetaGet a -1?", "OneLine"]);
    says(b"mg a R30\r\nmg a E7\r\n", &["MetaGet a -", "OneLine", "MetaGet a -", "OneLine"]);
    says(b"mg YQ== b T5\r\n", &["MetaGet a 5?", "MetaGet YQ== 5?", "OneLine"]);
    says(b"ms a 1\r\nx\r\n", &["MetaSet a 0", "OneLine"]);
    says(b"ms a 1 T9 F3 q\r\nx\r\n", &["MetaSet a 9", "None"]);
    says(b"ms a 1 MS T9\r\nx\r\n", &["MetaSet a 9", "OneLine"]);
    says(b"ms a 1 Ms T9\r\nx\r\n", &["MetaSet a 9?", "OneLine"]);
    says(b"ms a 1 C5 I T9\r\nx\r\n", &["MetaSet a 9?", "OneLine"]);
    says(b"ms a 1 E5 T9\r\nx\r\n", &["MetaSet a 9?", "OneLine"]);
    says(b"ms a 1 ME\r\nx\r\n", &["MetaSet a 0?", "OneLine"]);
    says(b"ms a 1 MR T9\r\nx\r\n", &["MetaSet a 9?", "OneLine"]);
    says(b"ms a 1 MA\r\nx\r\n", &["MetaSet a -", "OneLine"]);
    says(b"ms a 1 MP N9 T8\r\nx\r\n", &["MetaSet a 8?", "MetaSet a 9?", "OneLine"]);
    says(b"ms YQ== 1 b T9\r\nx\r\n", &["MetaSet a 9", "MetaSet YQ== 9?", "OneLine"]);
    says(b"ms CmEgAA== 1 b\r\nx\r\n", &["MetaSet \\na \\x00 0", "MetaSet CmEgAA== 0?", "OneLine"]);
    says(b"md a\r\n", &["MetaDelete a -", "OneLine"]);
    says(b"md a I T30 q C5\r\n", &["MetaDelete a 30?", "None"]);
    says(b"md YWI= b\r\n", &["MetaDelete ab -", "MetaDelete YWI= -", "OneLine"]);
    says(b"md a x\r\n", &["MetaDelete a 0?", "OneLine"]);
    says(b"ma a\r\n", &["MetaArith a -", "OneLine"]);
    says(b"ma a N9 J5 D2 M- T8 v\r\n", &["MetaArith a 8?", "MetaArith a 9?", "Other"]);
    for bad in [
        &b"mg\r\n"[..],
        b"mg a z\r\n",
        b"mg a v v\r\n",
        b"mg a vv\r\n",
        b"mg a T\r\n",
        b"mg a Tx\r\n",
        b"mg a S1\r\n",
        b"mg a \x7f\r\n",
        b"mg a \xf6\r\n",
        b"mg a O23456789012345678901234567890123\r\n",
        b"mg a b c f h k l q s t u v x I C1 D1 E1 J1\r\n",
        b"ms a\r\nx\r\n",
        b"ms a x\r\nx\r\n",
        b"ms a S1\r\nx\r\n",
        b"ms a -1\r\nx\r\n",
        b"ms a 1 MX\r\nx\r\n",
        b"ms a 1 M\r\nx\r\n",
        b"ms a 1 MSS\r\nx\r\n",
        b"ms a 1\r\nxy\r\n",
        b"ma a MX\r\n",
        b"ms YQ= 1 b\r\nx\r\n",
        b"ms YQ=a 1 b\r\nx\r\n",
        b"ms YQ==YQ== 1 b\r\nx\r\n",
        b"ms Y=== 1 b\r\nx\r\n",
        b"ms ==== 1 b\r\nx\r\n",
        b"ms a%== 1 b\r\nx\r\n",
        b"mx a\r\n",
    ] {
        lost(bad);
    }
}

#[test]
fn base64_of_every_length() {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for len in 1..=187 {
        let key: Vec<u8> = (0..len).map(|i| (i * 37 + len * 11) as u8).collect();
        let mut text = String::new();
        for group in key.chunks(3) {
            let bits = group.iter().fold(0, |bits, b| bits << 8 | u32::from(*b));
            let bits = bits << (8 * (3 - group.len()));
            for i in 0..4 {
                let letter = letters[(bits >> (18 - 6 * i)) as usize & 63] as char;
                text.push(if i > group.len() { '=' } else { letter });
            }
        }
        let raw = format!("MetaDelete {text} -");
        let decoded = format!("MetaDelete {} -", key.escape_ascii());
        if text.len() <= MAX_KEY {
            says(format!("md {text} b\r\n").as_bytes(), &[&decoded, &raw, "OneLine"]);
        } else {
            lost(format!("md {text} b\r\n").as_bytes());
        }
    }
}

/// A binary request.
fn binary(opcode: u8, extras: &[u8], key: &[u8], value: &[u8], cas: u64) -> Vec<u8> {
    let body = (extras.len() + key.len() + value.len()) as u32;
    let mut request = vec![0x80, opcode, 0, key.len() as u8, extras.len() as u8, 0, 0, 0];
    request.extend(body.to_be_bytes());
    request.extend(*b"opaq");
    request.extend(cas.to_be_bytes());
    request.extend([extras, key, value].concat());
    request
}

#[test]
fn binary_requests() {
    let ext8 = [0, 0, 0, 1, 0, 0, 0, 9];
    let mut ext20 = [0; 20];
    ext20[19] = 9;
    let forever = [0xff; 20];
    let get = |op| binary(op, b"", b"a", b"", 0);
    let set = |op, cas| binary(op, &ext8, b"a", b"xyz", cas);
    says(&[0, 0x0c, 9, 0x0d].map(get).concat(), &["Other"; 4]);
    says(&set(1, 0), &["Set a 9", "Other"]);
    says(&set(2, 0), &["Add a 9?", "Other"]);
    says(&set(3, 0), &["Replace a 9?", "Other"]);
    says(&set(1, 5), &["Cas a 9?", "Other"]);
    says(
        &[0x11, 0x12, 0x13].map(|op| set(op, 0)).concat(),
        &["Set a 9", "None", "Add a 9?", "None", "Replace a 9?", "None"],
    );
    says(&binary(1, &ext8, b"a", b"", 0), &["Set a 9", "Other"]);
    says(&binary(1, &[0xff; 8], b"a", b"x", 0), &["Set a 4294967295", "Other"]);
    says(&binary(1, &ext8, b"a b\r\n", b"x", 0), &["Set a b\\r\\n 9", "Other"]);
    says(&get(4), &["Delete a 0", "Other"]);
    says(&get(0x14), &["Delete a 0", "None"]);
    says(&binary(5, &ext20, b"a", b"", 0), &["Incr a 9?", "Other"]);
    says(&binary(6, &forever, b"a", b"", 0), &["Decr a -", "Other"]);
    says(&binary(0x15, &ext20, b"a", b"", 0), &["Incr a 9?", "None"]);
    says(&binary(0x16, &ext20, b"a", b"", 0), &["Decr a 9?", "None"]);
    says(&binary(8, b"", b"", b"", 0), &["Flush * -", "Other"]);
    says(&binary(0x18, &[0; 4], b"", b"", 0), &["Flush * -", "None"]);
    says(&binary(8, &[0, 0, 0, 5], b"", b"", 0), &["Flush * 5", "Other"]);
    says(&[0x0a, 0x0b, 0x20].map(|op| binary(op, b"", b"", b"", 0)).concat(), &["Other"; 3]);
    says(&binary(0x0e, b"", b"a", b"xy", 0), &["Append a -", "Other"]);
    says(&binary(0x0f, b"", b"a", b"xy", 0), &["Prepend a -", "Other"]);
    says(&binary(0x19, b"", b"a", b"x", 0), &["Append a -", "None"]);
    says(&binary(0x1a, b"", b"a", b"", 0), &["Prepend a -", "None"]);
    says(&binary(0x10, b"", b"items", b"", 0), &["Other"]);
    for op in [0x1c, 0x1d, 0x1e, 0x23, 0x24] {
        says(&binary(op, &[0, 0, 1, 0], b"a", b"", 0), &["Touch a 256?", "Other"]);
    }
    says(&binary(0x21, b"", b"PLAIN", b"\0user\0pass", 0), &["Other"]);
    says(&binary(7, b"", b"", b"", 0), &["Other"]);
    says(&binary(0x17, b"", b"", b"", 0), &["None"]);
    for len in 1..=250 {
        let key = vec![b'k'; len];
        says(&binary(4, b"", &key, b"", 0), &[&format!("Delete {} 0", "k".repeat(len)), "Other"]);
    }
    lost(&binary(4, b"", &[b'k'; 251], b"", 0));
    let mut short = get(4);
    short[11] = 0;
    lost(&short);
    lost(&[get(4), b"get a\r\n".to_vec()].concat());
    lost(&[binary(7, b"", b"", b"", 0), get(4)].concat());
    for (op, extras, key, value) in [
        (0, &b"1234"[..], &b"a"[..], &b""[..]),
        (0, b"", b"", b""),
        (0, b"", b"a", b"x"),
        (1, b"", b"a", b"x"),
        (1, &ext8, b"", b"x"),
        (4, b"", b"", b""),
        (4, b"", b"a", b"x"),
        (5, b"", b"a", b""),
        (8, b"12", b"", b""),
        (8, b"", b"a", b""),
        (0x0a, b"", b"a", b""),
        (0x0e, b"1234", b"a", b"x"),
        (0x10, b"", b"a", b"x"),
        (0x1b, b"1234", b"", b""),
        (0x1c, b"1234", b"a", b"x"),
        (0x1c, b"", b"a", b""),
        (0x25, b"", b"a", b""),
        (0x30, b"", b"a", b""),
        (0xff, b"", b"", b""),
    ] {
        lost(&binary(op, extras, key, value, 0));
    }
}

#[test]
fn long_lines() {
    let keys = "some_key_of_24_characters ".repeat(100);
    says(
        format!("get {keys}\r\nset a 0 0 1\r\nx\r\n").as_bytes(),
        &["Other", "Set a 0", "OneLine"],
    );
    lost(format!("gat 1 {keys}\r\n").as_bytes());
    for spaces in 0..=400 {
        let stream = format!("delete a{}\r\n", " ".repeat(spaces));
        match stream.len() <= 368 {
            true => says(stream.as_bytes(), &["Delete a 0", "OneLine"]),
            false => lost(stream.as_bytes()),
        }
    }
}

#[test]
fn nothing_is_said_too_early_or_too_late() {
    let stream = b"set abc 0 0 3\r\nxyz\r\n";
    for len in 0..stream.len() {
        let (said, boundary) = feed([&stream[..len]]).unwrap();
        assert_eq!(said.len(), usize::from(len >= b"set abc 0 0 3\r\n".len()));
        assert_eq!(boundary, len == 0);
    }
}

#[test]
fn values_need_not_be_shown() {
    let mut said = Said::default();
    let mut requests = Requests::new();
    requests.feed(b"set a 0 0 2000000000\r\nxy", &mut said).unwrap();
    assert_eq!(requests.skippable(), 1_999_999_998);
    requests.advance(1_999_999_990);
    requests.feed(b"12345678\r\nget a\r\n", &mut said).unwrap();
    assert_eq!(said.0, ["Set a 0", "OneLine", "Other"]);
    // more than there is
    requests.advance(1);
    assert!(requests.at_boundary());
}

#[test]
fn only_the_first_byte_of_a_connection_decides() {
    let mut said = Said::default();
    let noop = binary(0x0a, b"", b"", b"", 0);
    assert_eq!(Requests::text().feed(&[noop.as_slice(), b"\n"].concat(), &mut said), Err(Lost));
    assert_eq!(Requests::binary().feed(b"get a\r\n", &mut said), Err(Lost));
    assert!(Requests::binary().feed(&noop, &mut said).is_ok());
    lost(&[b"mn\r\n", noop.as_slice(), b"\n"].concat());
}

#[test]
fn any_words_are_safe() {
    let mut state = 1u64;
    let mut random = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    for _ in 0..100_000 {
        let mut words: [u64; WORDS] = core::array::from_fn(|_| random() << 33 | random());
        words[0] = random() % 8 | random() % 4 << 8 | (random() % 400) << 16;
        let mut requests = Requests::load(|i| words[i]);
        let _ = requests.feed(b"\r\nset a 0 0 1\r\nx\r\n\x80", &mut Said::default());
        requests.advance(requests.skippable() / 2);
    }
}

#[test]
fn reads_of_nothing_but_gets_have_no_effect() {
    for (text, n) in [
        (&b"get a\r\n"[..], Some(1)),
        (b"gets a b\n", Some(1)),
        (b"get \r\nget a\0b\tc\r\ngets a\r\n", Some(3)),
        (b"", None),
        (b"get a", None),
        (b"get a\r\nget b", None),
        (b"get\r\n", None),
        (b" get a\r\n", None),
        (b"gat 0 a\r\n", None),
        (b"mg a\r\n", None),
        (b"get a\r\n\r\n", None),
        (b"get a\r\ndelete a\r\n", None),
        (b"delete a\r\nget a\r\n", None),
        (b"set get 0 0 5\r\nget a\r\n", None),
    ] {
        assert_eq!(count_gets(text), n, "{}", text.escape_ascii());
    }
    // Of any line that counts, the parser says the same, at any length.
    for len in 0..1000 {
        for byte in [b'k', b' ', 0, 0xff] {
            let line = [b"get ", vec![byte; len].as_slice(), b"\r\n"].concat();
            assert_eq!(count_gets(&line), Some(1));
            assert_eq!(count_gets(&line[..line.len() - 1]), None);
            assert_eq!(feed([&line[..]]), Ok((vec!["Other".to_string()], true)));
        }
    }
    // Whatever is behind a newline is a command of its own, wherever that is.
    for len in 1..70 {
        for at in 0..len {
            let mut line = [b"get ", vec![b'k'; len].as_slice(), b"\r\n"].concat();
            line[4 + at] = b'\n';
            assert_eq!(count_gets(&line), None, "{}", line.escape_ascii());
        }
    }
}
