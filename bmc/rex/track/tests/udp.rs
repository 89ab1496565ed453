// SPDX-License-Identifier: GPL-2.0-only
use super::*;
use crate::stats::{Stat, counted};

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
