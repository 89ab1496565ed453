// SPDX-License-Identifier: GPL-2.0-only
//! What is remembered of memcached's replies, and what is answered from it.

use super::*;

/// A connection that has had its first command.
fn connected(session: &Session) -> Tcp<'_> {
    let mut tcp = connect(session);
    passes(&mut tcp, "version\r\n", "VERSION 1\r\n");
    tcp
}

/// memcached gets this, and answers with that.
#[track_caller]
fn passes(tcp: &mut Tcp<'_>, command: &str, reply: &str) {
    let before = tcp.sent().len();
    tcp.receive(command.as_bytes()).expect("no fault");
    assert_eq!(&tcp.sent()[before..], b"", "{command}");
    assert_eq!(tcp.read(RBUF).expect("no fault"), command.as_bytes());
    tcp.write(reply.as_bytes()).expect("no fault");
}

/// It is answered without memcached.
#[track_caller]
fn hits(tcp: &mut Tcp<'_>, command: &str, reply: &str) {
    let before = tcp.sent().len();
    tcp.receive(command.as_bytes()).expect("no fault");
    let got = tcp.sent()[before..].escape_ascii().to_string();
    assert_eq!(got, reply.as_bytes().escape_ascii().to_string(), "{command}");
    assert_eq!(tcp.read(RBUF).expect("no fault"), b"");
}

#[test]
fn of_a_get() {
    let session = start();
    let mut tcp = connected(&session);
    let value = "VALUE a 5 7\r\nEND\r\n\r\n\r\nEND\r\n";
    passes(&mut tcp, "get a\r\n", value);
    hits(&mut tcp, "get a\r\n", value);
    hits(&mut tcp, "get  a \n", value);
    let one = "VALUE a 5 7\r\nEND\r\n\r\n\r\n";
    hits(&mut tcp, "get a a\r\n", &[one, value].concat());
    hits(&mut tcp, "get a\r\nmn\r\nget a\r\n", &[value, "MN\r\n", value].concat());
    // Its number is not known.
    passes(&mut tcp, "gets a\r\n", "VALUE a 5 7 12\r\nEND\r\n\r\n\r\nEND\r\n");
    hits(&mut tcp, "gets a\r\n", "VALUE a 5 7 12\r\nEND\r\n\r\n\r\nEND\r\n");
    hits(&mut tcp, "get a\r\n", value);
    let gets = "VALUE b 0 0 18446744073709551615\r\n\r\nEND\r\n";
    passes(&mut tcp, "gets a b\r\n", gets);
    hits(&mut tcp, "gets b\r\n", gets);
    hits(&mut tcp, "get b a\r\n", &["VALUE b 0 0\r\n\r\n", value].concat());
    // One key is missing.
    passes(&mut tcp, "get a c\r\n", &[one, "END\r\n"].concat());
    passes(&mut tcp, "get a b c\r\n", value);
    // A mutation takes it out.
    passes(&mut tcp, "touch a 0\r\n", "TOUCHED\r\n");
    passes(&mut tcp, "get a\r\n", "END\r\n");
    passes(&mut tcp, "get \r\n", "ERROR\r\n");
}

#[test]
fn of_many_keys() {
    let session = start();
    let mut tcp = connected(&session);
    let keys: Vec<_> = (0..64).map(|i| format!("key{i}")).collect();
    let command = format!("get {}\r\n", keys.join(" "));
    let values: String = keys.iter().map(|key| format!("VALUE {key} 1 2\r\nab\r\n")).collect();
    // Some are not there.
    let few: String =
        keys.iter().step_by(3).map(|key| format!("VALUE {key} 1 2\r\nab\r\n")).collect();
    passes(&mut tcp, &command, &format!("{few}END\r\n"));
    hits(
        &mut tcp,
        "get key0 key63\r\n",
        "VALUE key0 1 2\r\nab\r\nVALUE key63 1 2\r\nab\r\nEND\r\n",
    );
    passes(&mut tcp, "get key1\r\n", "END\r\n");
    passes(&mut tcp, &command, &format!("{values}END\r\n"));
    hits(&mut tcp, &command, &format!("{values}END\r\n"));
    assert_eq!(counted(Stat::TcpHits), 2);
    assert_eq!(counted(Stat::TcpHitKeys), 66);
    assert_eq!(counted(Stat::TcpPassed), 3);
    assert_eq!(counted(Stat::TcpMisses), 3);
}

#[test]
fn of_a_meta_get() {
    let session = start();
    let mut tcp = connected(&session);
    passes(&mut tcp, "mg a v\r\n", "VA 1\r\nx\r\n");
    passes(&mut tcp, "mg a v k\r\n", "VA 1 ka\r\nx\r\n");
    passes(&mut tcp, "mg a v f k O1\r\n", "VA 1 f3 ka O1\r\nx\r\n");
    hits(&mut tcp, "get a\r\n", "VALUE a 3 1\r\nx\r\nEND\r\n");
    hits(&mut tcp, "mg a v\r\n", "VA 1\r\nx\r\n");
    hits(&mut tcp, "mg a\r\n", "HD\r\n");
    hits(&mut tcp, "mg a v q s Oabc f\r\n", "VA 1 s1 Oabc f3\r\nx\r\n");
    // The key may have been stored in base64, which memcached gives back.
    passes(&mut tcp, "mg a v q s k Oabc f\r\n", "VA 1 s1 ka Oabc f3\r\nx\r\n");
    passes(&mut tcp, "mg a v k f\r\n", "VA 1 kYQ== b f3\r\nx\r\n");
    hits(&mut tcp, "mg a f s q\r\nmn\r\n", "HD f3 s1\r\nMN\r\n");
    passes(&mut tcp, "mg a c\r\n", "HD c9\r\n");
    passes(&mut tcp, "mg a c v f k\r\n", "VA 1 c9 f3 ka\r\nx\r\n");
    hits(&mut tcp, "mg a c v\r\n", "VA 1 c9\r\nx\r\n");
    hits(&mut tcp, "mg a c\r\n", "HD c9\r\n");
    hits(&mut tcp, "gets a\r\n", "VALUE a 3 1 9\r\nx\r\nEND\r\n");
    for flags in ["t", "b", "l h"] {
        passes(&mut tcp, &format!("mg a {flags}\r\n"), "HD\r\n");
        hits(&mut tcp, "mg a c v f\r\n", "VA 1 c9 f3\r\nx\r\n");
    }
    for flag in ["T0", "E1", "N0"] {
        passes(&mut tcp, &format!("mg a {flag}\r\n"), "HD\r\n");
        passes(&mut tcp, "mg a c v f k\r\n", "VA 1 c9 f3 ka\r\nx\r\n");
    }
}

#[test]
fn not_while_something_is_pending() {
    let session = start();
    let mut tcp = connected(&session);
    let mut other = connected(&session);
    let value = "VALUE a 0 1\r\nx\r\nEND\r\n";
    // In the same connection, before and behind.
    passes(&mut tcp, "set a 0 0 1\r\nx\r\nget a\r\n", &["STORED\r\n", value].concat());
    passes(&mut tcp, "get a\r\nset a 0 0 1\r\nx\r\n", &[value, "STORED\r\n"].concat());
    // In another.
    other.receive(b"delete a\r\n").expect("no fault");
    other.read(RBUF).expect("no fault");
    passes(&mut tcp, "get a\r\n", value);
    other.write(b"DELETED\r\n").expect("no fault");
    passes(&mut tcp, "get a\r\n", value);
    hits(&mut tcp, "get a\r\n", value);
    // In between.
    tcp.receive(b"get b\r\n").expect("no fault");
    tcp.read(RBUF).expect("no fault");
    passes(&mut other, "delete b\r\n", "DELETED\r\n");
    tcp.write(b"VALUE b 0 1\r\nx\r\nEND\r\n").expect("no fault");
    passes(&mut tcp, "get b\r\n", "END\r\n");
}

#[test]
fn one_store_with_all_connections() {
    let session = start();
    let mut tcp = connected(&session);
    let mut other = connected(&session);
    passes(&mut tcp, "get a\r\n", "VALUE a 0 1\r\nx\r\nEND\r\n");
    hits(&mut other, "get a\r\n", "VALUE a 0 1\r\nx\r\nEND\r\n");
    passes(&mut other, "set a 0 0 1 noreply\r\ny\r\n", "");
    passes(&mut tcp, "get a\r\n", "VALUE a 0 1\r\ny\r\nEND\r\n");
}

/// A value of so many bytes, some of which look like the end of a reply.
fn long(len: usize) -> String {
    "v\r\nEND\r\n0123456789".chars().cycle().take(len).collect()
}

fn value(key: &str, value: &str) -> String {
    format!("VALUE {key} 7 {}\r\n{value}\r\nEND\r\n", value.len())
}

#[test]
fn long_values() {
    let session = start();
    let mut tcp = connected(&session);
    for len in [1000, 1369, 1370, 1391, 1392, 2000, 5000, 16_384, 40_000, 65_536, 80_000] {
        let text = long(len);
        let reply = value("a", &text);
        passes(&mut tcp, "get a\r\n", &reply);
        hits(&mut tcp, "get a\r\n", &reply);
        passes(&mut tcp, "gets a\r\n", &reply.replacen("\r\n", " 12\r\n", 1));
        hits(&mut tcp, "gets a\r\n", &reply.replacen("\r\n", " 12\r\n", 1));
        hits(&mut tcp, "mg a v f c\r\n", &format!("VA {len} f7 c12\r\n{text}\r\n"));
        passes(&mut tcp, "delete a\r\n", "DELETED\r\n");
        let meta = format!("VA {len} f7 ka c{len} s{len}\r\n{text}\r\n");
        passes(&mut tcp, "mg a v f k c s\r\n", &meta);
        hits(&mut tcp, "mg a v f c s\r\n", &meta.replacen(" ka", "", 1));
        hits(&mut tcp, "get a\r\n", &reply);
        hits(&mut tcp, "mg a s\r\n", &format!("HD s{len}\r\n"));
        passes(&mut tcp, "delete a\r\n", "DELETED\r\n");
    }
    let too_long = value("a", &long(79 * 1024));
    assert_eq!(counted(Stat::RefusedLength), 0);
    passes(&mut tcp, "get a\r\n", &too_long);
    passes(&mut tcp, "get a\r\n", &too_long);
    assert_eq!(counted(Stat::RefusedLength), 2);
}

/// memcached gets this, and writes the reply in pieces.
#[track_caller]
fn passes_in_pieces<'a>(
    tcp: &mut Tcp<'_>,
    command: &str,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) {
    tcp.receive(command.as_bytes()).expect("no fault");
    assert_eq!(tcp.read(RBUF).expect("no fault"), command.as_bytes());
    pieces.into_iter().for_each(|piece| tcp.write(piece).expect("no fault"));
}

#[test]
fn values_that_are_written_in_pieces() {
    let session = start();
    let mut tcp = connected(&session);
    let same = |tcp: &mut Tcp<'_>, reply: &str| {
        hits(tcp, "get a\r\n", reply);
        passes(tcp, "delete a\r\n", "DELETED\r\n");
    };
    let short = value("a", "END\r\n");
    for cut in 1..short.len() {
        let (first, second) = short.as_bytes().split_at(cut);
        passes_in_pieces(&mut tcp, "get a\r\n", [first, second]);
        same(&mut tcp, &short);
    }
    for len in [2030, 2033, 20_000, 65_536] {
        let reply = value("a", &long(len));
        for piece in [1, 7, 2032, 16_384, 16_390] {
            if len / piece < 10_000 {
                passes_in_pieces(&mut tcp, "get a\r\n", reply.as_bytes().chunks(piece));
                same(&mut tcp, &reply);
            }
        }
    }
    // Several in one reply, and one behind the other.
    let (a, b) = (value("a", &long(3000)), value("b", &long(30_000)));
    let both = [a.strip_suffix("END\r\n").expect("a reply"), &b].concat();
    passes_in_pieces(&mut tcp, "get a b\r\n", both.as_bytes().chunks(1999));
    hits(&mut tcp, "get a b\r\n", &both);
    passes(&mut tcp, "delete b\r\n", "DELETED\r\n");
    passes_in_pieces(&mut tcp, "get b\r\nget c\r\n", [b.as_bytes(), b"END\r\n"]);
    hits(&mut tcp, "get a\r\nget b\r\n", &[a, b].concat());
}

#[test]
fn pieces_of_a_value_that_changes_meanwhile() {
    let session = start();
    let (mut tcp, mut other) = (connected(&session), connected(&session));
    let reply = value("a", &long(50_000));
    let (first, second) = reply.as_bytes().split_at(20_000);
    passes_in_pieces(&mut tcp, "get a\r\n", [first]);
    // Not yet.
    passes(&mut other, "get b a\r\n", "END\r\n");
    passes(&mut other, "delete a\r\n", "DELETED\r\n");
    tcp.write(second).expect("no fault");
    passes(&mut tcp, "get a\r\n", "END\r\n");
    // All of them change.
    passes_in_pieces(&mut tcp, "get a\r\n", [first]);
    meta::bump_epoch(Stat::EpochUser);
    tcp.write(second).expect("no fault");
    passes(&mut tcp, "get a\r\n", "END\r\n");
    assert_eq!(counted(Stat::RefusedChanged), 2);
}

#[test]
fn a_connection_that_ends_within_a_value() {
    let session = start();
    let mut tcp = connected(&session);
    let reply = value("a", &long(50_000));
    let (first, second) = reply.as_bytes().split_at(20_000);
    let mut other = connected(&session);
    passes_in_pieces(&mut other, "get a\r\n", [first]);
    other.close().expect("no fault");
    passes(&mut tcp, "get a\r\n", "END\r\n");
    // The rest comes from another thread.
    let mut other = connected(&session);
    passes_in_pieces(&mut other, "get a\r\n", [first]);
    other.tid += 1;
    other.write(second).expect("no fault");
    passes(&mut tcp, "get a\r\n", "END\r\n");
    // The daemon starts anew: records from before are void.
    passes_in_pieces(&mut tcp, "get a\r\n", [first]);
    meta::get().era.fetch_add(1, SeqCst);
    tcp.write(second).expect("no fault");
    passes(&mut connected(&session), "get a\r\n", "END\r\n");
}

#[test]
fn room_for_long_values_is_used_again() {
    let session = start();
    // Each takes 10; none begins at the end and goes on at the start.
    session.set_max_entries(&store::BMC_PAGES, 80);
    let mut tcp = connected(&session);
    let value_of = |n: usize| value(&format!("k{n}"), &long(20_000 - n));
    let ask = |tcp: &mut Tcp<'_>, n: usize| {
        let before = tcp.sent().len();
        let command = format!("get k{n}\r\n");
        tcp.receive(command.as_bytes()).expect("no fault");
        let hit = tcp.sent().len() != before;
        if !hit {
            tcp.read(RBUF).expect("no fault");
            tcp.write(value_of(n).as_bytes()).expect("no fault");
        }
        assert!(tcp.sent()[before..] == *value_of(n).as_bytes(), "k{n}");
        hit
    };
    (0..6).for_each(|n| assert!(!ask(&mut tcp, n)));
    (0..6).for_each(|n| assert!(ask(&mut tcp, n)));
    // What is asked for stays.
    for n in 6..100 {
        assert!(!ask(&mut tcp, n));
        assert!(ask(&mut tcp, 3), "after k{n}");
    }
    assert!(ask(&mut tcp, 99));
    // A slow one loses its place, and nobody else does.
    let reply = value_of(200);
    let (first, second) = reply.as_bytes().split_at(9_000);
    passes_in_pieces(&mut tcp, "get k200\r\n", [first]);
    let mut other = connected(&session);
    (300..320).for_each(|n| assert!(!ask(&mut other, n)));
    tcp.write(second).expect("no fault");
    let last = (300..320).rev().filter(|n| ask(&mut other, *n)).count();
    assert!(last >= 4, "{last}");
    assert!(!ask(&mut other, 200));
    assert!(ask(&mut other, 200));
    // No value gets more than a quarter.
    let reply = value("k", &long(21 * 2032));
    passes(&mut other, "get k\r\n", &reply);
    passes(&mut other, "get k\r\n", &reply);
}

#[test]
fn a_long_value_that_is_there_is_not_stored_again() {
    let session = start();
    let mut tcp = connected(&session);
    let reply = value("a", &long(50_000));
    passes(&mut tcp, "get a\r\n", &reply);
    let fills = counted(Stat::Fills);
    // The send buffer is full: memcached waits for it in our place.
    tcp.send_room = 1000;
    passes(&mut tcp, "get a\r\n", &reply);
    assert_eq!(counted(Stat::TcpRoom), 1);
    tcp.send_room = 60_000;
    hits(&mut tcp, "get a\r\n", &reply);
    assert_eq!(counted(Stat::Fills), fills);
}

#[test]
fn the_reply_must_fit() {
    let session = start();
    let mut tcp = connected(&session);
    passes(&mut tcp, "get a\r\n", "VALUE a 0 1\r\nx\r\nEND\r\n");
    for room in 0..50 {
        tcp.send_room = room;
        let before = tcp.sent().len();
        tcp.receive(b"get a\r\nget a\r\n").expect("no fault");
        assert_eq!(tcp.sent().len() > before, room >= 21, "{room}");
        if room < 21 {
            for _ in 0..2 {
                assert_eq!(tcp.read(RBUF).expect("no fault"), b"get a\r\n");
                tcp.write(b"VALUE a 0 1\r\nx\r\nEND\r\n").expect("no fault");
            }
        }
        assert_eq!(tcp.read(RBUF).expect("no fault"), b"");
        assert_eq!(tcp.sent()[before..], b"VALUE a 0 1\r\nx\r\nEND\r\n".repeat(2));
    }
}

#[test]
fn what_is_asked_for_reaches_memcached_once_a_minute() {
    let session = start();
    let mut tcp = connected(&session);
    let value = "VALUE a 0 1\r\nx\r\nEND\r\n";
    passes(&mut tcp, "set a 0 0 1\r\nx\r\n", "STORED\r\n");
    passes(&mut tcp, "get a\r\n", value);
    for minute in 0..3 {
        let later = |seconds: u64| {
            session
                .set_time_ns((1000 << meta::TIME_SHIFT) + (minute * 65 + seconds) * 1_000_000_000);
        };
        later(0);
        hits(&mut tcp, "get a\r\n", value);
        later(60);
        hits(&mut tcp, "get a\r\n", value);
        later(65);
        passes(&mut tcp, "get a\r\n", value);
    }
}
