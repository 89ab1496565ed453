// SPDX-License-Identifier: GPL-2.0-only
//! When a command is answered here, and when it is memcached's turn.

use super::*;

/// The server reads all that is given to it, and that is `text`.
#[track_caller]
fn reads(tcp: &mut Tcp<'_>, text: &str) {
    assert_eq!(tcp.read(RBUF).expect("no fault").escape_ascii().to_string(), escaped(text));
}

#[track_caller]
fn writes(tcp: &mut Tcp<'_>, text: &str) {
    tcp.write(text.as_bytes()).expect("no fault");
}

fn sends(tcp: &mut Tcp<'_>, text: &str) {
    tcp.receive(text.as_bytes()).expect("no fault");
}

fn escaped(text: &str) -> String {
    text.as_bytes().escape_ascii().to_string()
}

/// `get a`, to which `a` is the answer, is answered now, or not.
#[track_caller]
fn is_our_turn(tcp: &mut Tcp<'_>, ours: bool) {
    let before = tcp.sent().len();
    sends(tcp, "get a\r\n");
    let reply = tcp.sent()[before..].escape_ascii().to_string();
    assert_eq!(reply, escaped(if ours { "VALUE a 0 1\r\nx\r\nEND\r\n" } else { "" }));
}

/// A connection that has had its first command, with `a` in the cache.
fn connected(session: &Session) -> Tcp<'_> {
    let mut tcp = connect(session);
    sends(&mut tcp, "set a 0 0 1\r\nx\r\n");
    reads(&mut tcp, "set a 0 0 1\r\nx\r\n");
    writes(&mut tcp, "STORED\r\n");
    sends(&mut tcp, "get a\r\n");
    reads(&mut tcp, "get a\r\n");
    writes(&mut tcp, "VALUE a 0 1\r\nx\r\nEND\r\n");
    tcp
}

#[test]
fn the_first_command_passes() {
    let session = start();
    let mut tcp = connected(&session);
    is_our_turn(&mut tcp, true);
    reads(&mut tcp, "");
    // Another connection: memcached does not know yet what protocol it speaks.
    let mut other = connect(&session);
    is_our_turn(&mut other, false);
    reads(&mut other, "get a\r\n");
    is_our_turn(&mut other, false);
    writes(&mut other, "VALUE a 0 1\r\nx\r\nEND\r\n");
    // The second one, when the first is answered.
    assert_eq!(other.sent(), b"VALUE a 0 1\r\nx\r\nEND\r\n".repeat(2));
}

#[test]
fn not_before_the_last_byte_of_the_reply() {
    let session = start();
    let reply = "VALUE b 0 3\r\n\r\nE\r\nEND\r\n";
    let mut tcp = connected(&session);
    for at in 0..reply.len() {
        sends(&mut tcp, "delete b\r\nget b\r\n");
        reads(&mut tcp, "delete b\r\nget b\r\n");
        writes(&mut tcp, "DELETED\r\n");
        if at > 0 {
            writes(&mut tcp, &reply[..at]);
        }
        is_our_turn(&mut tcp, false);
        let before = tcp.sent().len();
        writes(&mut tcp, &reply[at..]);
        let sent = tcp.sent()[before..].escape_ascii().to_string();
        assert_eq!(sent, escaped(&format!("{}VALUE a 0 1\r\nx\r\nEND\r\n", &reply[at..])));
    }
}

/// Reads what has `commands`, and after each of the replies it is our turn or not.
#[track_caller]
fn after(commands: &str, replies: &[(&str, bool)]) {
    let session = start();
    let mut tcp = connected(&session);
    sends(&mut tcp, commands);
    reads(&mut tcp, commands);
    for (reply, ours) in replies {
        writes(&mut tcp, reply);
        if *ours {
            is_our_turn(&mut tcp, true);
        } else {
            assert!(!is_at_rest(&tcp), "{reply}");
        }
    }
}

/// What the record says.
fn is_at_rest(tcp: &Tcp<'_>) -> bool {
    tcp.record().is_our_turn(meta::get(), meta::now())
}

#[test]
fn each_kind_of_reply() {
    after("set k 0 0 1\r\nx\r\n", &[("STOR", false), ("ED\r\n", true)]);
    after("delete k\r\nincr k 1\r\n", &[("DELETED\r\n", false), ("7\r\n", true)]);
    after("get k l\r\n", &[("VALUE k 0 1\r\nx\r\n", false), ("END\r\n", true)]);
    after("gets k\r\n", &[("VALUE k 0 1 7\r\nx\r\n", false), ("END\r\n", true)]);
    after("gat 0 k\r\n", &[("END\r\n", true)]);
    after("get k\r\nget k\r\n", &[("END\r\n", false), ("SERVER_ERROR x\r\n", true)]);
    after("mg k v\r\n", &[("VA 5\r\nEND\r\n\r\n", true)]);
    after("mg k v\r\nmg k\r\n", &[("EN\r\n", false), ("HD\r\n", true)]);
    after("ms k 1\r\nx\r\nmd k\r\nma k\r\n", &[("HD\r\nNF\r\n", false), ("HD\r\n", true)]);
    after("version\r\ntouch k 0\r\n", &[("VERSION 1\r\n", false), ("TOUCHED\r\n", true)]);
    // Quiet ones, up to one that is answered as nothing else is.
    after("mg k v q\r\nmg l v q\r\nmn\r\n", &[("VA 0\r\n\r\n", false), ("MN\r\n", true)]);
    after("set k 0 0 1 noreply\r\nx\r\nget k\r\n", &[("VALUE k 0 1\r\nx\r\nEND\r\n", true)]);
    after("delete k noreply\r\nget k\r\nmg k\r\n", &[("END\r\n", false), ("HD\r\n", true)]);
}

#[test]
fn what_is_not_certain() {
    // Whose error is it?
    after("delete k noreply\r\ndelete k\r\n", &[("CLIENT_ERROR x\r\n", false)]);
    after("get k\r\n", &[("STORED\r\n", false), ("END\r\n", false)]);
    after("delete k\r\n", &[("END\r\n", false), ("DELETED\r\n", false)]);
    after("delete k\r\n", &[("VALUE k 0 1\r\nx\r\n", false), ("DELETED\r\n", false)]);
    after("mg k\r\n", &[("VALUE k 0 1\r\nx\r\nEND\r\n", false)]);
    after("stats\r\n", &[("STAT a 1\r\nEND\r\n", false)]);
    after("me k\r\n", &[("ME k x=1\r\n", false)]);
    after("delete k noreply\r\nmn\r\n", &[("END\r\n", false)]);
    after(&"delete k\r\n".repeat(17), &[(&"DELETED\r\n".repeat(17), false)]);
    after(&"delete k\r\n".repeat(16), &[(&"DELETED\r\n".repeat(16), true)]);
    // An error comes before the value has been read.
    after("set k 0 0 9999999\r\nxxx", &[("SERVER_ERROR object too large\r\n", false)]);
}

#[test]
fn the_next_read_shows_that_all_is_answered() {
    let session = start();
    let mut tcp = connected(&session);
    sends(&mut tcp, "set k 0 0 1 noreply\r\nx\r\n");
    reads(&mut tcp, "set k 0 0 1 noreply\r\nx\r\n");
    is_our_turn(&mut tcp, false);
    assert!(!quiet("k"));
    reads(&mut tcp, "get a\r\n");
    assert!(quiet("k"));
    writes(&mut tcp, "VALUE a 0 1\r\nx\r\nEND\r\n");
    is_our_turn(&mut tcp, true);
    // Not in the middle of a value: replies may wait.
    sends(&mut tcp, "stats\r\nset k 0 0 5\r\nx");
    reads(&mut tcp, "stats\r\nset k 0 0 5\r\nx");
    sends(&mut tcp, "xxxx\r\n");
    reads(&mut tcp, "xxxx\r\n");
    writes(&mut tcp, "END\r\nSTORED\r\n");
    is_our_turn(&mut tcp, false);
}

#[test]
fn a_read_ends_before_what_will_be_answered() {
    let session = start();
    let mut tcp = connected(&session);
    let before = tcp.sent().len();
    sends(
        &mut tcp,
        "get a\r\nget b\r\nset k 0 0 1\r\nx\r\nget a\r\nget b\r\nget b\r\nget a\r\nget",
    );
    assert_eq!(tcp.sent().len() - before, 21);
    reads(&mut tcp, "get b\r\nset k 0 0 1\r\nx\r\n");
    writes(&mut tcp, "END\r\nSTORED\r\n");
    assert_eq!(tcp.sent().len() - before, 2 * 21 + 13);
    reads(&mut tcp, "get b\r\nget b\r\n");
    writes(&mut tcp, "END\r\n");
    writes(&mut tcp, "END\r\n");
    // "get" waits.
    reads(&mut tcp, "get");
    sends(&mut tcp, " a\r\n");
    reads(&mut tcp, " a\r\n");
    writes(&mut tcp, "VALUE a 0 1\r\nx\r\nEND\r\n");
    is_our_turn(&mut tcp, true);
    // Behind a quiet command, it will not show when it is our turn.
    sends(&mut tcp, "delete k noreply\r\nget a\r\n");
    reads(&mut tcp, "delete k noreply\r\nget a\r\n");
}

#[test]
fn a_thread_that_does_not_read_answers_nothing() {
    let session = start();
    let mut tcp = connected(&session);
    sends(&mut tcp, "delete k\r\n");
    reads(&mut tcp, "delete k\r\n");
    tcp.tid += 1;
    writes(&mut tcp, "DELETED\r\n");
    is_our_turn(&mut tcp, false);
    assert!(!quiet("k"));
}

#[test]
fn only_while_the_accelerator_runs() {
    let session = start();
    let mut tcp = connected(&session);
    let meta = meta::get();
    meta.state.store(state::TRACK, SeqCst);
    is_our_turn(&mut tcp, false);
    meta.state.store(state::RUN, SeqCst);
    meta.generation.fetch_add(1, SeqCst);
    is_our_turn(&mut tcp, false);
    meta.generation.fetch_sub(1, SeqCst);
    meta.quiet_from.store(0, SeqCst);
    is_our_turn(&mut tcp, false);
    meta.quiet_from.store(NEVER, SeqCst);
    assert!(is_at_rest(&tcp));
    // When it was off, nobody knows what happened.
    meta.state.store(state::OFF, SeqCst);
    is_our_turn(&mut tcp, false);
    meta.state.store(state::RUN, SeqCst);
    assert!(!is_at_rest(&tcp));
}

#[test]
fn an_idle_connection_shows_a_sign_of_life() {
    let session = start();
    let mut tcp = connected(&session);
    meta::get().idle.store(20 * SECOND, SeqCst);
    let later = |seconds: u64| {
        session.set_time_ns((1000 << meta::TIME_SHIFT) + seconds * 1_000_000_000);
    };
    later(8);
    is_our_turn(&mut tcp, true);
    later(11);
    is_our_turn(&mut tcp, false);
    reads(&mut tcp, "get a\r\n");
    writes(&mut tcp, "VALUE a 0 1\r\nx\r\nEND\r\n");
    assert!(is_at_rest(&tcp));
    meta::get().idle.store(0, SeqCst);
    later(1000);
    assert!(is_at_rest(&tcp));
}

#[test]
fn binary_connections_are_memcacheds() {
    let session = start();
    let _ = connected(&session);
    let mut tcp = connect(&session);
    let noop = [&[0x80, 0x0a][..], &[0; 22]].concat();
    for _ in 0..2 {
        tcp.receive(&noop).expect("no fault");
        assert_eq!(tcp.read(RBUF), Ok(noop.clone()));
        tcp.write(&[&[0x81, 0x0a][..], &[0; 22]].concat()).expect("no fault");
        assert!(!is_at_rest(&tcp));
    }
}

#[test]
fn lines_that_are_no_command() {
    let session = start();
    let mut tcp = connected(&session);
    let epoch = meta::get().epoch.load(SeqCst);
    sends(&mut tcp, "nonsense\r\n");
    reads(&mut tcp, "nonsense\r\n");
    assert!(!quiet("any"));
    assert_ne!(meta::get().epoch.load(SeqCst), epoch);
    writes(&mut tcp, "ERROR\r\n");
    is_our_turn(&mut tcp, false);
    reads(&mut tcp, "get a\r\n");
    assert!(!quiet("any"));
    // This one began with a command, since it is answered.
    writes(&mut tcp, "END\r\n");
    assert!(quiet("any"));
    assert!(!is_at_rest(&tcp));
    sends(&mut tcp, "get a\r\n");
    reads(&mut tcp, "get a\r\n");
    writes(&mut tcp, "VALUE a 0 1\r\nx\r\nEND\r\n");
    is_our_turn(&mut tcp, true);
}

#[test]
fn the_end_of_a_connection_ends_what_is_pending() {
    let session = start();
    let mut tcp = connected(&session);
    sends(&mut tcp, "delete k noreply\r\nflush_all noreply\r\nset l 0 0 5\r\n");
    reads(&mut tcp, "delete k noreply\r\nflush_all noreply\r\nset l 0 0 5\r\n");
    assert!(!quiet("k") && !quiet("l"));
    tcp.close().expect("no fault");
    assert!(quiet("k") && quiet("l"));
    assert_eq!(meta::get().pending_all.load(SeqCst), 0);
}

#[test]
fn nothing_is_counted_twice_when_the_tables_were_emptied() {
    let session = start();
    let mut tcp = connected(&session);
    let meta = meta::get();
    sends(&mut tcp, "flush_all noreply\r\n");
    reads(&mut tcp, "flush_all noreply\r\n");
    assert_eq!(meta.pending_all.load(SeqCst), 1);
    // Another connection holds it now.
    meta.era.fetch_add(1, SeqCst);
    sends(&mut tcp, "version\r\n");
    assert_eq!(meta.pending_all.load(SeqCst), 1);
    tcp.close().expect("no fault");
    assert_eq!(meta.pending_all.load(SeqCst), 1);
    // When the server has ended, its connections still count.
    let mut tcp = connect(&session);
    sends(&mut tcp, "flush_all noreply\r\n");
    reads(&mut tcp, "flush_all noreply\r\n");
    assert_eq!(meta.pending_all.load(SeqCst), 2);
    meta.server_deaths.fetch_add(1, SeqCst);
    tcp.close().expect("no fault");
    assert_eq!(meta.pending_all.load(SeqCst), 1);
}

/// Twenty changes in a row.
fn changes_often(tcp: &mut Tcp<'_>) {
    for _ in 0..20 {
        sends(tcp, "set other 0 0 10\r\n0123456789\r\n");
        reads(tcp, "set other 0 0 10\r\n0123456789\r\n");
        writes(tcp, "STORED\r\n");
    }
}

/// What a change does is the same in the way for most of many and in the way for all, of which the
/// text has a space more.
#[test]
fn one_plain_set_of_many_is_tracked_like_any_other() {
    for (words, exptime) in [("key 0 0", 0), ("key 9 100", 100), ("key_of_18_letters_ 0 0", 0)] {
        for long in [false, true] {
            let session = start();
            let mut tcp = connected(&session);
            changes_often(&mut tcp);
            assert!(tcp.record().is_after_many_changes());
            let key = words.split(' ').next().expect("a key");
            let (epoch, sets) = (meta::get().epoch.load(SeqCst), counted(Stat::InvalSet));
            let text = format!("set {words}{} 9\r\nfrom here\r\n", if long { " " } else { "" });
            sends(&mut tcp, &text);
            reads(&mut tcp, &text);
            assert!(!quiet(key) && quiet("other"));
            assert_eq!(counted(Stat::InvalSet), sets + 1);
            // Neither the reply nor what comes with it is looked at.
            let replies = counted(Stat::Replies);
            is_our_turn(&mut tcp, false);
            writes(&mut tcp, "STO");
            assert!(quiet(key));
            writes(&mut tcp, "RED\r\n");
            assert_eq!(counted(Stat::Replies), replies + 1);
            let deadline = crate::track::expiry::of(meta::get(), store::hash(key.as_bytes()));
            assert_eq!(deadline == Some(NEVER), exptime == 0);
            assert!(deadline > Some(meta::now() + SECOND));
            // The next command is where it is supposed to be.
            reads(&mut tcp, "get a\r\n");
            writes(&mut tcp, "VALUE a 0 1\r\nx\r\nEND\r\n");
            is_our_turn(&mut tcp, true);
            assert_eq!((meta::get().epoch.load(SeqCst), counted(Stat::ConnsUnsynced)), (epoch, 0));
        }
    }
}

#[test]
fn a_set_whose_reply_was_not_seen_ends_with_the_next_read() {
    let session = start();
    let mut tcp = connected(&session);
    changes_often(&mut tcp);
    for (key, before) in [("b", "other"), ("c", "b"), ("d", "c")] {
        let text = format!("set {key} 0 0 10\r\n0123456789\r\n");
        sends(&mut tcp, &text);
        reads(&mut tcp, &text);
        assert!(quiet(before) && !quiet(key));
    }
    writes(&mut tcp, "STORED\r\n");
    assert!(quiet("d"));
}

#[test]
fn a_set_while_another_is_pending_is_one_of_two() {
    let session = start();
    let mut tcp = connected(&session);
    changes_often(&mut tcp);
    let both = "set a 0 0 10\r\n0123456789\r\nset b 0 0 10\r\n0123456789\r\n";
    sends(&mut tcp, both);
    reads(&mut tcp, both);
    writes(&mut tcp, "STORED\r\n");
    assert!(!quiet("a") && !quiet("b"), "which of them?");
    sends(&mut tcp, "set c 0 0 10\r\n0123456789\r\n");
    reads(&mut tcp, "set c 0 0 10\r\n0123456789\r\n");
    assert!(quiet("a") && quiet("b") && !quiet("c"));
    writes(&mut tcp, "STORED\r\n");
    assert!(quiet("c"));
    tcp.close().expect("no fault");
    assert_eq!(meta::get().pending_all.load(SeqCst), 0);
}
