// SPDX-License-Identifier: GPL-2.0-only
use super::*;
use std::fmt::Write;

#[test]
fn a_set_is_pending_until_its_reply_is_written() {
    let server = server();
    let mut tcp = server.tcp();
    server.cache("key", "old");
    assert!(cached("key") && quiet("key"));
    tcp.read("set key 0 0 3\r\nnew\r\n");
    assert!(!cached("key") && !quiet("key"));
    tcp.write(&[b"STORED\r\n"]);
    assert!(!cached("key") && quiet("key"));
    assert_eq!((counted(Stat::InvalSet), counted(Stat::ConnsNew)), (1, 1));
    assert_eq!((epoch(), pending_all()), (0, 0));
}

#[test]
fn a_set_in_pieces() {
    let text = "set key 0 0 10\r\n0123456789\r\n";
    for first in 1..text.len() - 1 {
        for second in first + 1..text.len() {
            let server = server();
            let mut tcp = server.tcp();
            tcp.read(&text[..first]);
            assert_eq!(quiet("key"), first < 16, "{first}");
            tcp.read(&text[first..second]);
            assert_eq!(quiet("key"), second < 16, "{first} {second}");
            tcp.read(&text[second..]);
            assert!(!quiet("key"));
            tcp.write(&[b"STORED\r\n"]);
            assert!(quiet("key"));
        }
    }
}

#[test]
fn noreply_is_pending_until_the_next_read() {
    let server = server();
    let mut tcp = server.tcp();
    tcp.read("set key 0 0 1 noreply\r\nx\r\n");
    assert!(!quiet("key"));
    tcp.read_on();
    assert!(quiet("key"));
    tcp.read("delete key noreply\r\n");
    assert!(!quiet("key"));
    tcp.read("delete other noreply\r\n");
    assert!(quiet("key") && !quiet("other"));
}

#[test]
fn a_full_read_may_be_followed_by_another() {
    let server = server();
    let mut tcp = server.tcp();
    tcp.read("get a\r\n");
    tcp.write(&[b"END\r\n"]);
    let mut text = "delete key noreply\r\n".repeat(1000);
    // The last one is cut.
    let mut rest = text.split_off(RBUF);
    rest.truncate(rest.find('\n').unwrap() + 1);
    tcp.read(&text);
    assert!(!quiet("key"));
    tcp.read(&rest);
    assert!(!quiet("key"), "the server may have read twice");
    tcp.read_on();
    assert!(quiet("key"));
}

#[test]
fn replies_in_several_writes() {
    let server = server();
    let mut tcp = server.tcp();
    tcp.read("set a 0 0 1\r\nx\r\ndelete b\r\nincr c 1\r\n");
    assert!(!quiet("a") && !quiet("b") && !quiet("c"));
    tcp.write(&[b"STORED\r\n", b"DELETED\r\n"]);
    assert!(!quiet("a"), "not all of them");
    tcp.write(&[b"7\r"]);
    assert!(!quiet("c"));
    tcp.write(&[b"\n"]);
    assert!(quiet("a") && quiet("b") && quiet("c"));
    // Replies of another form tell nothing.
    tcp.read("set a 0 0 1\r\nx\r\nget b\r\n");
    tcp.write(&[b"STORED\r\n", b"STORED\r\n"]);
    assert!(!quiet("a"));
    tcp.read_on();
    assert!(quiet("a"));
}

#[test]
fn two_connections_change_one_key() {
    let server = server();
    let (mut one, mut two) = (server.tcp(), server.tcp());
    one.read("set key 0 0 1\r\nx\r\n");
    two.read("set key 0 0 1\r\ny\r\n");
    one.write(&[b"STORED\r\n"]);
    assert!(!quiet("key"));
    two.close();
    assert!(quiet("key"));
}

#[test]
fn more_keys_than_there_is_room_for() {
    let server = server();
    let mut tcp = server.tcp();
    server.cache("key29", "value");
    server.cache("bystander", "value");
    let mut text = String::new();
    (0..30).for_each(|i| write!(text, "set key{i} 0 0 1 noreply\r\nx\r\n").unwrap());
    tcp.read(&text);
    assert!(!cached("key29") && cached("bystander"));
    assert_eq!((pending_all(), epoch(), hidden()), (1, 0, 0));
    assert!(!quiet("bystander"), "nothing is put in until they are executed");
    tcp.read_on();
    assert!((0..30).all(|i| quiet(&format!("key{i}"))));
    assert_eq!(pending_all(), 0);
}

#[test]
fn a_command_of_all_keys() {
    let server = server();
    let mut tcp = server.tcp();
    server.cache("key", "value");
    for (i, text) in
        ["flush_all\r\n", "flush_all noreply\r\n", "cache_memlimit 100\r\n"].into_iter().enumerate()
    {
        tcp.read(text);
        assert!(!cached("key") && !quiet("key"), "{text}");
        assert_eq!((epoch(), pending_all(), hidden()), (i as u32 + 1, 1, 0));
        tcp.read_on();
        assert!(quiet("key"), "{text}");
        assert_eq!(pending_all(), 0);
    }
}

#[test]
fn nonsense_is_pending_until_the_position_is_known() {
    let server = server();
    let mut tcp = server.tcp();
    server.cache("key", "value");
    tcp.read("what is this\r\n");
    assert!(!cached("key") && !quiet("key"));
    assert_eq!((epoch(), pending_all(), hidden()), (1, 1, 1));
    tcp.write(&[b"ERROR\r\n"]);
    assert_eq!(pending_all(), 1, "perhaps a value");
    tcp.read("get a\r\n");
    assert_eq!(pending_all(), 1);
    tcp.write(&[b"END\r\n"]);
    assert_eq!((pending_all(), hidden(), counted(Stat::ConnsSynced)), (0, 0, 1));
    assert!(quiet("key"));
    let before = epoch();
    tcp.read("set key 0 0 1\r\nx\r\n");
    tcp.write(&[b"STORED\r\n"]);
    assert_eq!(epoch(), before);
}

#[test]
fn an_old_connection_is_understood_by_its_first_line() {
    let server = server();
    server.tcp().read("get a\r\n");
    let mut tcp = server.tcp();
    tcp.skip();
    tcp.read("get a\r\n");
    assert_eq!((epoch(), pending_all(), hidden()), (1, 1, 1));
    tcp.write(&[b"END\r\n"]);
    assert_eq!((pending_all(), hidden()), (0, 0));
    tcp.read("set key 0 0 1\r\nx\r\n");
    assert!(!quiet("key") && epoch() == 1);
}

#[test]
fn an_old_connection_that_was_in_a_value() {
    let server = server();
    server.tcp().read("get a\r\n");
    let mut tcp = server.tcp();
    tcp.skip();
    // the middle of a value, and then its end
    tcp.read_asking(b"get a\r\n", 1000);
    tcp.read_asking(b"get b\r\n\r\n", 9);
    assert_eq!(pending_all(), 1);
    tcp.write(&[b"STORED\r\n"]);
    assert_eq!(pending_all(), 1, "that was not whole commands");
    tcp.read("delete k\r\n");
    tcp.write(&[b"DELETED\r\n"]);
    assert_eq!((pending_all(), counted(Stat::ConnsSynced)), (0, 1));
}

#[test]
fn an_old_connection_with_a_long_get() {
    let server = server();
    server.tcp().read("get a\r\n");
    // What looks like a set is keys of a GET that fills the buffer, and then 20 deletes.
    let mut tcp = server.tcp();
    tcp.skip();
    let inner = "delete k\r\n".repeat(30);
    tcp.read(&format!("set a 0 0 {}\r\n{inner}\r\n", inner.len()));
    tcp.write(&[b"END\r\nDELETED\r\nDELETED\r\n"]);
    assert_eq!((pending_all(), counted(Stat::ConnsSynced)), (1, 0));
    // With this reply, it is a set.
    let mut tcp = server.tcp();
    tcp.skip();
    tcp.read(&format!("set a 0 0 {}\r\n{inner}\r\n", inner.len()));
    tcp.write(&[b"STORED\r\n"]);
    assert_eq!((pending_all(), counted(Stat::ConnsSynced)), (1, 1));
}

#[test]
fn an_old_binary_connection() {
    let server = server();
    server.tcp().read("get a\r\n");
    let mut delete = [0; 25];
    delete[0] = 0x80;
    delete[1] = 4;
    delete[3] = 1;
    delete[11] = 1;
    delete[24] = b'k';
    let mut tcp = server.tcp();
    tcp.skip();
    tcp.read_asking(&delete, RBUF);
    tcp.write(&[b"ERROR\r\n\r"]);
    assert_eq!(pending_all(), 1, "no binary reply");
    tcp.read_asking(&delete, RBUF);
    tcp.write(&[&[0x81; 24]]);
    assert_eq!((pending_all(), counted(Stat::ConnsSynced)), (0, 1));
    tcp.read_asking(&delete, RBUF);
    assert!(!quiet("k") && quiet("other"));
    tcp.write(&[&[0x81; 24]]);
    assert!(quiet("k"));
}

#[test]
fn a_read_was_missed() {
    let server = server();
    let mut tcp = server.tcp();
    server.cache("key", "value");
    tcp.read("get a\r\n");
    tcp.write(&[b"END\r\n"]);
    tcp.skip();
    tcp.read("get a\r\n");
    assert!(!cached("key") && !quiet("key"));
    assert_eq!((counted(Stat::EpochUnsynced), counted(Stat::ConnsUnsynced)), (1, 1));
    tcp.close();
    assert_eq!((pending_all(), hidden()), (0, 0));
    // That something cannot be shown is known before it is read.
    server.cache("key", "value");
    let mut tcp = server.tcp();
    tcp.read_on();
    tcp.connection.read_unseen(RBUF).expect("no fault");
    assert!(!cached("key") && !quiet("key") && blind());
}

/// The server is to be followed no longer, and what was in the cache is not.
#[track_caller]
fn has_gone(server: &Server) {
    assert!(!cached("key"));
    let meta = meta::get();
    assert_eq!(meta.state.load(SeqCst), state::TRACK);
    assert_eq!((meta.server.load(SeqCst), meta.server_deaths.load(SeqCst)), (0, 1));
    // Nobody is followed until rexctl has found the next one.
    let reads = counted(Stat::Reads);
    server.tcp().read("set key 0 0 1\r\nx\r\n");
    server.udp().read("set key 0 0 1\r\nx\r\n");
    assert_eq!(counted(Stat::Reads), reads);
    assert_eq!((pending_all(), hidden()), (0, 0));
}

#[test]
fn the_server_closes_a_listener() {
    let server = server();
    server.cache("key", "value");
    let mut tcp = server.tcp();
    tcp.read("get a\r\n");
    tcp.close();
    assert!(cached("key"), "only a connection");
    let listener = server.session.listener(sockets as fn(&mut Stream<'_, Conn>) -> StreamVerdict);
    listener.close().expect("no fault");
    has_gone(&server);
}

#[test]
fn the_server_closes_a_udp_socket() {
    let server = server();
    server.cache("key", "value");
    server.udp().socket.into_inner().close().expect("no fault");
    has_gone(&server);
}

/// Nothing is answered before anything can pass unseen.
#[track_caller]
fn is_off_at_once(detach: impl FnOnce(&Server)) {
    let server = server();
    server.cache("key", "value");
    detach(&server);
    assert_eq!(meta::get().state.load(SeqCst), state::OFF);
    assert!(!cached("key"));
    assert_eq!((pending_all(), hidden()), (0, 0));
}

#[test]
fn the_program_is_detached() {
    is_off_at_once(|server| server.udp().socket.into_inner().detach().expect("no fault"));
    is_off_at_once(|server| server.tcp().connection.detach().expect("no fault"));
    is_off_at_once(|server| {
        let mut tcp = server.tcp();
        tcp.read("flush_all noreply\r\n");
        tcp.connection.detach().expect("no fault");
    });
    is_off_at_once(|server| {
        let program = sockets as fn(&mut Stream<'_, Conn>) -> StreamVerdict;
        server.session.listener(program).detach().expect("no fault");
    });
    // rexctl itself takes it off one that it does not follow yet.
    let server = server();
    meta::get().server.store(0, SeqCst);
    meta::get().state.store(state::TRACK, SeqCst);
    server.tcp().connection.detach().expect("no fault");
    assert_eq!(meta::get().state.load(SeqCst), state::TRACK);
}

#[test]
fn what_rexctl_sees_of_its_test() {
    let server = server();
    let meta = meta::get();
    let (mut tcp, udp) = (server.tcp(), server.udp());
    tcp.read("version\r\n");
    udp.read("version\r\n");
    assert_eq!(meta.reads.load(SeqCst), 0, "only before it runs");
    meta.state.store(state::TRACK, SeqCst);
    tcp.read("version\r\n");
    assert_eq!(meta.reads.load(SeqCst), 1);
    udp.read("version\r\n");
    assert_eq!(meta.reads.load(SeqCst), 2);
    assert_eq!(meta.rbuf_len.load(SeqCst), RBUF as u32);
}

#[test]
fn nothing_is_answered_over_tcp_unless_it_is_asked_for() {
    let server = server();
    let mut tcp = server.tcp();
    tcp.read_on();
    tcp.read("get a\r\n");
    tcp.write(&[&value_text("a", "1"), b"END\r\n"]);
    assert!(cached("a"));
    // It reads all, up to the last.
    tcp.read("get b\r\nget a\r\n");
    tcp.write(&[b"END\r\n", &value_text("a", "1"), b"END\r\n"]);
    assert_eq!(counted(Stat::TcpHits), 0);
    meta::get().tcp.store(1, SeqCst);
    tcp.connection.receive(b"get a\r\n").expect("no fault");
    assert_eq!(counted(Stat::TcpHits), 1);
}
