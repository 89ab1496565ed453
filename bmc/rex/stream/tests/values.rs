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
    hits(&mut tcp, "mg a v q s k Oabc f\r\n", "VA 1 s1 ka Oabc f3\r\nx\r\n");
    hits(&mut tcp, "mg a f s q\r\nmn\r\n", "HD f3 s1\r\nMN\r\n");
    passes(&mut tcp, "mg a c\r\n", "HD c9\r\n");
    passes(&mut tcp, "mg a c v f k\r\n", "VA 1 c9 f3 ka\r\nx\r\n");
    hits(&mut tcp, "mg a c v\r\n", "VA 1 c9\r\nx\r\n");
    hits(&mut tcp, "mg a c\r\n", "HD c9\r\n");
    hits(&mut tcp, "gets a\r\n", "VALUE a 3 1 9\r\nx\r\nEND\r\n");
    for flags in ["t", "b", "l h"] {
        passes(&mut tcp, &format!("mg a {flags}\r\n"), "HD\r\n");
        hits(&mut tcp, "mg a c v f k\r\n", "VA 1 c9 f3 ka\r\nx\r\n");
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

#[test]
fn long_values() {
    let session = start();
    let mut tcp = connected(&session);
    for len in [1000, 1369, 1380, 5000, 40_000] {
        let value = "v".repeat(len);
        let reply = format!("VALUE a 0 {len}\r\n{value}\r\nEND\r\n");
        passes(&mut tcp, "get a\r\n", &reply);
        // As long as it would fit a datagram.
        if len <= 1369 {
            hits(&mut tcp, "get a\r\n", &reply);
            let end = format!("VA {len} f0 ka\r\n{value}\r\n");
            hits(&mut tcp, "mg a v f k\r\n", &end);
            passes(&mut tcp, "delete a\r\n", "DELETED\r\n");
        }
        passes(&mut tcp, "mg a v f k s\r\n", &format!("VA {len} f0 ka s{len}\r\n{value}\r\n"));
        passes(&mut tcp, "delete a\r\n", "DELETED\r\n");
    }
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
