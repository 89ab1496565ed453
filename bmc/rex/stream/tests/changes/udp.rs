// SPDX-License-Identifier: GPL-2.0-only
use super::*;

#[test]
fn a_set_is_pending_until_its_reply_is_written() {
    let server = server();
    server.cache("key", "old");
    let udp = server.udp();
    udp.read("set key 0 0 3\r\nnew\r\n");
    assert!(!cached("key") && !quiet("key"));
    udp.reply(&[b"STORED\r\n"]);
    assert!(quiet("key"));
}

#[test]
fn several_commands_are_pending_until_the_next_datagram() {
    let server = server();
    let udp = server.udp();
    udp.read("delete a\r\ndelete b\r\n");
    udp.reply(&[b"DELETED\r\n"]);
    udp.reply(&[b"DELETED\r\n"]);
    assert!(!quiet("a") && !quiet("b"));
    // Another thread, another socket.
    server.thread(2);
    udp.get(&["x"]);
    server.thread(1);
    server.udp().get(&["x"]);
    assert!(!quiet("a") && !quiet("b"));
    udp.nothing();
    assert!(quiet("a") && quiet("b"));
}

#[test]
fn a_value_that_comes_with_the_next_datagrams() {
    let server = server();
    let udp = server.udp();
    udp.read("set key 0 0 10\r\n01234");
    assert!(!quiet("key"));
    // These look like commands and are none.
    udp.read_value(b"get k", 7);
    udp.reply(&[b"ERROR\r\n"]);
    assert!(!quiet("key"), "not yet");
    udp.read_value(b"\r\n", 2);
    udp.reply(&[b"STORED\r\n"]);
    assert!(!quiet("key"));
    udp.nothing();
    assert!(quiet("key"));
}

#[test]
fn a_value_whose_command_nobody_saw() {
    let server = server();
    server.cache("key", "value");
    let udp = server.udp();
    udp.read_value(b"", 7);
    assert!(cached("key"));
    udp.read_value(b"other\r\n", 7);
    assert!(!cached("key") && !quiet("key"));
    udp.reply(&[b"STORED\r\n"]);
    assert!(!quiet("key"));
    udp.nothing();
    assert!(quiet("key"));
    assert_eq!((pending_all(), hidden()), (0, 0));
}

#[test]
fn half_a_line_is_forgotten() {
    let server = server();
    let udp = server.udp();
    udp.read("delete a\r\nset b 0 0 5");
    assert!(!quiet("a"));
    udp.read("version\r\n");
    assert!(quiet("a") && quiet("b"));
    assert_eq!((pending_all(), hidden()), (0, 0));
}

#[test]
fn nonsense_is_pending_until_the_next_datagram() {
    let server = server();
    server.cache("key", "value");
    let udp = server.udp();
    udp.read("\x01\x02 nonsense\r\nset key 0 0 1\r\nx\r\n");
    assert!(!cached("key") && !quiet("key"));
    assert_eq!((pending_all(), hidden()), (1, 1));
    udp.reply(&[b"ERROR\r\n"]);
    udp.reply(&[b"STORED\r\n"]);
    udp.get(&["other"]);
    assert_eq!((pending_all(), hidden()), (0, 0));
}

#[test]
fn commands_of_all_keys() {
    let server = server();
    server.cache("key", "value");
    let udp = server.udp();
    udp.read("flush_all\r\n");
    assert!(!cached("key") && !quiet("key"));
    udp.reply(&[b"OK\r\n"]);
    assert!(quiet("key"));
}

#[test]
fn the_socket_is_known_by_what_is_read() {
    let server = server();
    let udp = server.udp();
    udp.nothing();
    assert_eq!(counted(Stat::Reads), 1);
}

#[test]
fn no_room_for_the_thread() {
    let server = server();
    let udp = server.udp();
    for n in 1..=1025 {
        assert!(!blind());
        server.thread(n);
        udp.nothing();
    }
    assert!(blind());
}

#[test]
fn a_datagram_in_several_parts() {
    let value = "delete other\r\n".repeat(3000);
    let set = format!("set key 0 0 {}\r\n{value}\r\n", value.len());
    for (text, whole) in [
        (&set[..], true),
        (&set[..set.len() - 1], false),
        (&[&set, "delete k\r\n"].concat(), false),
    ] {
        let server = server();
        let udp = server.udp();
        assert!(text.len() > 40_000);
        udp.read(text);
        assert!(!quiet("key") && quiet("other"));
        udp.reply(&[b"STORED\r\n"]);
        assert_eq!(quiet("key"), whole);
        udp.get(&["other"]);
        assert!(quiet("key") && quiet("k"));
        assert_eq!((pending_all(), epoch()), (0, 0));
    }
    // Not understood, in the first part or later.
    for text in [format!("nonsense\r\n{set}"), format!("{set}nonsense\r\n{set}")] {
        let server = server();
        let udp = server.udp();
        udp.read(&text);
        udp.reply(&[b"ERROR\r\n"]);
        assert_eq!((pending_all(), hidden(), epoch()), (1, 1, 1));
        udp.nothing();
        udp.read("delete key\r\n");
        assert!(!quiet("key") && quiet("other"));
        assert_eq!((pending_all(), hidden(), epoch()), (0, 0, 1));
    }
}

#[test]
fn a_datagram_was_missed() {
    let server = server();
    server.cache("key", "value");
    let udp = server.udp();
    udp.get(&["other"]);
    assert!(cached("key") && !blind());
    udp.socket.borrow_mut().lose();
    udp.nothing();
    assert!(!cached("key") && blind() && !quiet("key"));
}

#[test]
fn a_datagram_that_cannot_be_shown() {
    let server = server();
    server.cache("key", "value");
    let udp = server.udp();
    udp.socket.borrow_mut().read_unseen(65536).expect("no fault");
    assert!(!cached("key") && blind() && !quiet("key"));
}
