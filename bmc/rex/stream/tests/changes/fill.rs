// SPDX-License-Identifier: GPL-2.0-only
use super::*;

#[test]
fn a_reply_in_pieces_is_put_in() {
    let server = server();
    let udp = server.udp();
    for (key, value) in [("a", ""), ("key", "value"), ("k", &"x".repeat(1000)), ("b", "\r\nEND")] {
        assert!(!cached(key));
        udp.get(&[key]);
        let line = format!("VALUE {key} 0 {}\r\n", value.len());
        udp.reply(&[line.as_bytes(), value.as_bytes(), b"\r\n", b"END\r\n"]);
        assert!(cached(key), "{key}");
    }
    assert_eq!(counted(Stat::Fills), 4);
}

#[test]
fn replies_that_are_not_put_in() {
    let server = server();
    let udp = server.udp();
    let value = value_text("key", "value");
    let whole = [&value, &b"END\r\n"[..]].concat();
    let with_frame = |frame: [u8; 8]| [&frame[..], &whole].concat();
    for frame in [[7, 7, 0, 1, 0, 1, 0, 0], [7, 7, 0, 0, 0, 2, 0, 0], [7, 7, 0, 0, 1, 1, 0, 0]] {
        udp.get(&["key"]);
        udp.write(&[&with_frame(frame)]);
        assert!(!cached("key"));
    }
    for text in [
        &b""[..],
        b"END\r\n",
        &value,
        &whole[..whole.len() - 1],
        &[&whole[..], b"x"].concat(),
        &[&value[..], &value, b"END\r\n\r\n"].concat(),
        b"VALUE key 0 5 77\r\nvalue\r\nEND\r\n",
        b"VALUE key2 0 5\r\nvalue\r\nEND\r\n",
        b"SERVER_ERROR out of memory\r\n",
        &[b'x'; 1400],
        &[b'x'; 70000],
    ] {
        udp.get(&["key"]);
        udp.reply(&[text]);
        assert!(!cached("key"), "{}", text.escape_ascii());
    }
    // Not in answer to a GET, or not to this one.
    udp.reply(&[&whole]);
    udp.get(&["other"]);
    udp.reply(&[&whole]);
    udp.read("gets key\r\n");
    udp.reply(&[&whole]);
    udp.read("get key\r\nget key\r\n");
    udp.reply(&[&whole]);
    udp.get(&["key"]);
    udp.nothing();
    udp.reply(&[&whole]);
    udp.get(&["key"]);
    server.thread(2);
    udp.reply(&[&whole]);
    server.udp().reply(&[&whole]);
    assert!(!cached("key"));
    server.thread(1);
    udp.reply(&[&whole]);
    assert!(cached("key"));
}

#[test]
fn requests_in_several_datagrams_are_no_requests() {
    let server = server();
    let udp = server.udp();
    let bytes = b"\x07\x07\0\0\0\x02\0\0get key\r\n";
    udp.datagram(bytes);
    udp.reply(&[&value_text("key", "value"), b"END\r\n"]);
    assert!(!cached("key"));
}

#[test]
fn a_get_of_several_keys_answered_at_once() {
    let server = server();
    let udp = server.udp();
    udp.get(&["a", "b", "c"]);
    udp.reply(&[&value_text("a", "1"), &value_text("c", "3"), b"END\r\n"]);
    assert!(cached("a") && !cached("b") && cached("c"));
}

#[test]
fn a_get_of_several_keys_answered_one_by_one() {
    let server = server();
    let udp = server.udp();
    udp.get(&["a", "b", "c"]);
    udp.reply(&[&value_text("a", "1")]);
    udp.reply(&[&value_text("b", "END")]);
    udp.reply(&[&value_text("c", "3"), b"END\r\n"]);
    assert!(cached("a") && cached("b") && cached("c"));
}

#[test]
fn a_long_get() {
    let server = server();
    let udp = server.udp();
    let keys: Vec<String> = (0..8).map(|i| format!("{i}{}", "k".repeat(200))).collect();
    udp.get(&keys.iter().map(String::as_str).collect::<Vec<_>>());
    for key in &keys {
        udp.reply(&[&value_text(key, "x")]);
    }
    assert!(keys.iter().all(|key| cached(key)));
}

#[test]
fn a_change_in_between() {
    for text in
        ["set key 0 0 1\r\nx\r\n", "delete key noreply\r\n", "flush_all\r\n", "nonsense\r\n"]
    {
        // before the read, between read and write; executed by then or not
        for (before, executed) in [(false, false), (false, true), (true, false)] {
            let server = server();
            let (mut tcp, udp) = (server.tcp(), server.udp());
            let change = |tcp: &mut Tcp<'_>| {
                tcp.read(text);
                if executed {
                    tcp.write(&[b"DONE\r\n"]);
                }
            };
            if before {
                change(&mut tcp);
            }
            udp.get(&["key"]);
            if !before {
                change(&mut tcp);
            }
            udp.reply(&[&value_text("key", "value"), b"END\r\n"]);
            assert!(!cached("key"), "{text} {before} {executed}");
        }
    }
}

#[test]
fn not_while_it_does_not_run() {
    let server = server();
    let udp = server.udp();
    meta::get().state.store(state::TRACK, SeqCst);
    server.cache("key", "value");
    assert!(!cached("key"));
    udp.get(&["key"]);
    meta::get().state.store(state::RUN, SeqCst);
    udp.reply(&[&value_text("key", "value"), b"END\r\n"]);
    assert!(!cached("key"));
    server.cache("key", "value");
    assert!(cached("key"));
}
