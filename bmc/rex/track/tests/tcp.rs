// SPDX-License-Identifier: GPL-2.0-only
use super::*;
use crate::stats::{Stat, counted};
use crate::track::conn;
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
            tcp.nothing();
            assert_eq!(quiet("key"), second < 16, "the value is still to come");
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
    tcp.nothing();
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
    text.truncate(RBUF);
    tcp.read(&text);
    assert!(!quiet("key"));
    tcp.nothing();
    assert!(!quiet("key"), "the server may have read twice");
    tcp.nothing();
    // the last one was cut: half of it is still there
    assert!(quiet("key"));
}

#[test]
fn lines_of_one_write() {
    let server = server();
    let mut tcp = server.tcp();
    tcp.read("set a 0 0 1\r\nx\r\ndelete b\r\nincr c 1\r\n");
    assert!(!quiet("a") && !quiet("b") && !quiet("c"));
    tcp.write(&[b"STORED\r\n", b"DELETED\r\n", b"7\r\n"]);
    assert!(quiet("a") && quiet("b") && quiet("c"));
    tcp.read("set a 0 0 1\r\nx\r\ndelete b\r\nincr c 1\r\n");
    tcp.write(&[b"STORED\r\n", b"DELETED\r\n"]);
    assert!(!quiet("a"), "which of them?");
    tcp.write(&[b"7\r\n"]);
    assert!(!quiet("a"));
    tcp.nothing();
    assert!(quiet("a") && quiet("b") && quiet("c"));
    // A get has more lines than one.
    tcp.read("set a 0 0 1\r\nx\r\nget b\r\n");
    tcp.write(&[b"STORED\r\n", b"END\r\n"]);
    assert!(!quiet("a"));
    tcp.nothing();
    assert!(quiet("a"));
}

#[test]
fn another_threads_write_tells_nothing() {
    let server = server();
    let mut tcp = server.tcp();
    tcp.read("set a 0 0 1\r\nx\r\n");
    server.thread(2);
    tcp.write(&[b"STORED\r\n"]);
    assert!(!quiet("a"));
    server.thread(1);
    tcp.write(&[b"STORED\r\n"]);
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
    tcp.nothing();
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
        tcp.nothing();
        assert!(quiet("key"), "{text}");
        assert_eq!(pending_all(), 0);
    }
}

#[test]
fn the_end_of_a_connection() {
    let server = server();
    let mut tcp = server.tcp();
    tcp.read("set a 0 0 1 noreply\r\nx\r\nflush_all noreply\r\nset b 0 0 100\r\nx");
    assert!(!quiet("a") && !quiet("b"));
    tcp.close();
    assert!(quiet("a") && quiet("b"));
    // The same address, another connection.
    let mut tcp = server.tcp();
    let sk = tcp.sk;
    tcp.read("set a 0 0 1");
    tcp.close();
    let mut tcp = Tcp { sk, ..server.tcp() };
    tcp.read("get a\r\n");
    assert_eq!((counted(Stat::ConnsUnsynced), counted(Stat::ConnsNew)), (0, 3));
}

#[test]
fn the_peer_closes() {
    let server = server();
    let mut tcp = server.tcp();
    tcp.end();
    let mut other = server.tcp();
    other.read("get a\r\n");
    other.end();
    assert_eq!((counted(Stat::ConnsUnsynced), epoch()), (0, 0));
    // The last bytes and the end in one read.
    let mut other = server.tcp();
    other.read("get a\r\n");
    other.state = 8;
    other.seq = other.seq.wrapping_add(1);
    other.read("delete b\r\n");
    assert_eq!((counted(Stat::ConnsUnsynced), epoch()), (0, 0));
    assert!(!quiet("b"));
    // One byte was missed.
    let mut other = server.tcp();
    other.read("get a\r\n");
    other.skip(1);
    other.read("delete b\r\n");
    assert_eq!((counted(Stat::ConnsUnsynced), counted(Stat::EpochLapse)), (1, 1));
}

#[test]
fn the_server_dies() {
    let server = server();
    server.cache("key", "value");
    let exit = |tid| {
        server.thread(tid);
        server.session.run_raw_tracepoint(exited, &[0]).expect("no fault");
    };
    exit(5);
    assert!(cached("key"), "only a thread");
    exit(0);
    assert!(!cached("key"));
    let meta = meta::get();
    assert_eq!(meta.state.load(SeqCst), state::TRACK);
    assert_eq!((meta.server.load(SeqCst), meta.server_deaths.load(SeqCst)), (0, 1));
    // Nobody is followed until rexctl has found the next one.
    let mut tcp = server.tcp();
    tcp.read("set key 0 0 1\r\nx\r\n");
    assert_eq!(counted(Stat::Reads), 1, "that of the get");
}

#[test]
fn other_processes_are_left_alone() {
    let server = server();
    let mut tcp = server.tcp();
    server.session.set_current(Task { pid: 7, tgid: 7, ..Task::default() });
    tcp.read("flush_all\r\n");
    tcp.write(&[b"OK\r\n"]);
    assert_eq!((counted(Stat::Reads), counted(Stat::Replies), epoch()), (0, 0, 0));
    server.session.run_raw_tracepoint(exited, &[0]).expect("no fault");
    assert_eq!(meta::get().state.load(SeqCst), state::RUN);
}

#[test]
fn a_peek_is_no_read() {
    let server = server();
    let mut tcp = server.tcp();
    let message = server.message(server.received(b"set a", RBUF));
    let args = [tcp.sk, message, RBUF as u64, 2, 0];
    server.session.run_fexit(tcp_read, &args, 5).expect("no fault");
    tcp.read("set a 0 0 1\r\nx\r\n");
    assert_eq!(counted(Stat::ConnsUnsynced), 0);
    assert!(!quiet("a"));
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
    tcp.nothing();
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
    tcp.skip(100);
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
    tcp.skip(100);
    // the middle of a value, and then its end
    tcp.read_asking(b"get a\r\n", 1000);
    tcp.nothing();
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
    tcp.skip(16384);
    let inner = "delete k\r\n".repeat(30);
    tcp.read(&format!("set a 0 0 {}\r\n{inner}\r\n", inner.len()));
    tcp.write(&[b"END\r\nDELETED\r\nDELETED\r\n"]);
    assert_eq!((pending_all(), counted(Stat::ConnsSynced)), (1, 0));
    // With this reply, it is a set.
    let mut tcp = server.tcp();
    tcp.skip(16384);
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
    tcp.skip(100);
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
    tcp.skip(20);
    tcp.nothing();
    assert!(!cached("key") && !quiet("key"));
    assert_eq!((counted(Stat::EpochLapse), counted(Stat::ConnsUnsynced)), (1, 1));
    tcp.close();
    assert_eq!((pending_all(), hidden()), (0, 0));
}

#[test]
fn no_room_for_the_connection() {
    let server = server();
    server.cache("key", "value");
    for _ in 0..8192 {
        server.tcp().nothing();
    }
    assert!(cached("key") && !blind());
    server.tcp().nothing();
    assert!(!cached("key") && blind() && !quiet("key"));
}

#[test]
fn two_threads_in_one_connection() {
    let server = server();
    let mut tcp = server.tcp();
    tcp.read("get a\r\n");
    let meanwhile = |ctx: &Fentry<'_>| {
        let conn = conn::find(ctx.scope(), tcp.sk).expect("known");
        conn.alone(meta::get(), || tcp.read("get a\r\n"));
        Ok(0)
    };
    server.session.run_fentry(meanwhile, &[]).expect("no fault");
    assert!(blind());
}

#[test]
fn bytes_that_cannot_be_read() {
    let server = server();
    let mut tcp = server.tcp();
    tcp.read("get a\r\n");
    tcp.skip(10);
    let message = server.message(Message::user_buffer(0x10, 10, 100));
    let args = [tcp.sk, message, 110, 0, 0];
    server.session.run_fexit(tcp_read, &args, 10).expect("no fault");
    assert_eq!((pending_all(), epoch()), (1, 1));
}

#[test]
fn what_rexctl_sees_of_its_test() {
    let server = server();
    let meta = meta::get();
    let mut tcp = server.tcp();
    tcp.read("version\r\n");
    assert_eq!(meta.reads.load(SeqCst), 0, "only before it runs");
    meta.state.store(state::TRACK, SeqCst);
    tcp.read("version\r\n");
    assert_eq!((meta.reads.load(SeqCst), meta.last_port.load(SeqCst)), (1, 40000));
    assert_eq!(meta.rbuf_len.load(SeqCst), RBUF as u32);
}
