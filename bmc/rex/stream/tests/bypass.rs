// SPDX-License-Identifier: GPL-2.0-only
//! GETs of connections on which hardly any is answered.

use super::*;

/// memcached has the keys whose names begin with "hot".
fn reply(key: &str) -> String {
    let value = format!("VALUE {key} 0 1\r\nx\r\n");
    format!("{}END\r\n", if key.starts_with("hot") { &value } else { "" })
}

/// Sends it, and memcached answers if it gets it. Whether it did not.
fn get(tcp: &mut Tcp<'_>, key: &str) -> bool {
    let (line, before) = (format!("get {key}\r\n"), tcp.sent().len());
    tcp.receive(line.as_bytes()).expect("no fault");
    let given = tcp.read(RBUF).expect("no fault");
    if !given.is_empty() {
        assert_eq!(given, line.as_bytes());
        tcp.write(reply(key).as_bytes()).expect("no fault");
    }
    assert_eq!(
        tcp.sent()[before..].escape_ascii().to_string(),
        reply(key).escape_default().to_string()
    );
    given.is_empty()
}

/// So many GETs of one key for which memcached has nothing.
fn cold(tcp: &mut Tcp<'_>, n: usize) {
    (0..n).for_each(|_| assert!(!get(tcp, "cold")));
}

/// A connection that has had its first command.
fn connected(session: &Session) -> Tcp<'_> {
    let mut tcp = connect(session);
    cold(&mut tcp, 1);
    tcp
}

/// How many GETs of hot keys are passed before one is answered.
fn until_a_hit(tcp: &mut Tcp<'_>, mut next: impl FnMut() -> String) -> usize {
    (0..1000).take_while(|_| !get(tcp, &next())).count()
}

#[test]
fn most_gets_are_left_to_memcached_when_hardly_any_hits() {
    let session = start();
    let mut tcp = connected(&session);
    cold(&mut tcp, 64 - 1);
    assert_eq!(counted(Stat::TcpPassed), 64);
    assert_eq!(counted(Stat::TcpBypassed), 0);
    // Of 255 GETs, eight are tried, and eight replies are looked at.
    let (tried, replies) = (counted(Stat::TcpMisses), counted(Stat::Replies));
    cold(&mut tcp, 4 * 255);
    assert_eq!(counted(Stat::TcpBypassed), 4 * 247);
    assert_eq!(counted(Stat::TcpPassed), 64 + 4 * 8);
    assert_eq!(counted(Stat::TcpMisses) - tried, 4 * 8);
    assert_eq!(counted(Stat::Replies) - replies, 4 * 8);
    // Each read is seen.
    assert_eq!(counted(Stat::Reads), 64 + 4 * 255);
}

#[test]
fn one_hot_key_hits_within_256_gets() {
    let session = start();
    for cold_gets in [64, 65, 100, 300, 311, 312, 319, 320, 1000] {
        let mut tcp = connected(&session);
        cold(&mut tcp, cold_gets);
        let key = format!("hot{cold_gets}");
        let passed = until_a_hit(&mut tcp, || key.clone());
        assert!(passed <= 256, "{passed} after {cold_gets}");
        // From then on, all of them.
        (0..1000).for_each(|_| assert!(get(&mut tcp, &key)));
    }
}

#[test]
fn a_hundred_hot_keys_hit_soon() {
    let session = start();
    let mut random = Random::new(1);
    let mut tcp = connected(&session);
    cold(&mut tcp, 1000);
    let mut next = || format!("hot{}", random.below(100));
    let passed = until_a_hit(&mut tcp, &mut next);
    assert!(passed < 1024, "{passed}");
    let hits = (0..2000).filter(|_| get(&mut tcp, &next())).count();
    assert!(hits > 1700, "{hits}");
}

#[test]
fn one_hit_in_twenty_is_worth_trying() {
    let session = start();
    let mut tcp = connected(&session);
    get(&mut tcp, "hot");
    for _ in 0..100 {
        cold(&mut tcp, 19);
        assert!(get(&mut tcp, "hot"));
    }
    assert_eq!(counted(Stat::TcpBypassed), 0);
}

#[test]
fn a_cold_cache_of_hot_keys_fills_at_once() {
    let session = start();
    let mut random = Random::new(2);
    let mut tcp = connected(&session);
    let hits = (0..2000).filter(|_| get(&mut tcp, &format!("hot{}", random.below(100)))).count();
    assert!(hits > 1850, "{hits}");
    assert_eq!(counted(Stat::TcpBypassed), 0);
}

#[test]
fn a_mutation_is_seen_whatever_is_left_out() {
    let session = start();
    let (mut tcp, mut other) = (connected(&session), connected(&session));
    get(&mut other, "hot");
    cold(&mut tcp, 100);
    assert!(get(&mut other, "hot"));
    for line in
        ["delete hot\r\n", "get cold\r\ndelete hot\r\n", "get cold\r\ndelete hot noreply\r\n"]
    {
        tcp.receive(line.as_bytes()).expect("no fault");
        assert_eq!(tcp.read(RBUF), Ok(line.as_bytes().to_vec()));
        assert!(!quiet("hot"));
        assert!(!get(&mut other, "hot"));
        assert!(!quiet("hot"));
        let quiet_one = line.ends_with("noreply\r\n");
        let replies = if line.starts_with("get") { "END\r\n" } else { "" };
        let last = if quiet_one { "" } else { "DELETED\r\n" };
        tcp.write(format!("{replies}{last}").as_bytes()).expect("no fault");
        assert_eq!(quiet("hot"), !quiet_one);
        // Not left out while something is pending; and then it is not any more.
        let bypassed = counted(Stat::TcpBypassed);
        cold(&mut tcp, 1);
        assert_eq!(counted(Stat::TcpBypassed) - bypassed, u64::from(!quiet_one));
        assert!(quiet("hot"));
        assert!(!get(&mut other, "hot") && get(&mut other, "hot"));
    }
}

#[test]
fn only_whole_gets_are_left_out() {
    let session = start();
    let mut tcp = connected(&session);
    cold(&mut tcp, 100);
    let bypassed = |tcp: &mut Tcp<'_>, text: &str, asked: usize| {
        let before = counted(Stat::TcpBypassed);
        tcp.receive(text.as_bytes()).expect("no fault");
        assert_eq!(tcp.read(asked).map(|bytes| bytes.len()), Ok(text.len()));
        counted(Stat::TcpBypassed) - before
    };
    assert_eq!(bypassed(&mut tcp, "get cold\r\ngets a b\r\n", RBUF), 2);
    assert_eq!(bypassed(&mut tcp, "get co", RBUF), 0);
    assert_eq!(bypassed(&mut tcp, "ld\r\n", RBUF), 0);
    assert_eq!(bypassed(&mut tcp, "get cold\r\n", RBUF), 1);
    // A read that fills the buffer proves nothing of those before it, nor does the next.
    assert_eq!(bypassed(&mut tcp, "get cold\r\n", 10), 0);
    assert_eq!(bypassed(&mut tcp, "get cold\r\n", RBUF), 0);
    assert_eq!(bypassed(&mut tcp, "get cold\r\n", RBUF), 1);
    assert_eq!(bypassed(&mut tcp, "mg cold v\r\n", RBUF), 0);
    assert_eq!(bypassed(&mut tcp, "version\r\n", RBUF), 0);
    assert_eq!(bypassed(&mut tcp, "get cold\r\n", RBUF), 1);
}

#[test]
fn what_is_answered_is_not_known_before_the_next_read() {
    let session = start();
    let mut tcp = connected(&session);
    cold(&mut tcp, 100);
    // As if these had been shown all the same.
    tcp.receive(b"get cold\r\n").expect("no fault");
    assert_eq!(tcp.read(RBUF), Ok(b"get cold\r\n".to_vec()));
    let at_rest = |tcp: &Tcp<'_>| tcp.record().is_our_turn(meta::get(), meta::now());
    let mut record = tcp.record();
    assert!(!at_rest(&tcp));
    record.wrote(meta::get(), b"END\r\n", tcp.tid);
    assert!(!record.is_our_turn(meta::get(), meta::now()));
    tcp.write(b"END\r\n").expect("no fault");
    assert!(!at_rest(&tcp));
    // This one is not left out, and shows it.
    tcp.receive(b"version\r\n").expect("no fault");
    assert_eq!(tcp.read(RBUF), Ok(b"version\r\n".to_vec()));
    tcp.write(b"VERSION 1\r\n").expect("no fault");
    assert!(at_rest(&tcp));
}

#[test]
fn not_before_the_accelerator_runs() {
    let session = start();
    let mut tcp = connected(&session);
    meta::get().state.store(state::TRACK, SeqCst);
    cold(&mut tcp, 1000);
    meta::get().state.store(state::RUN, SeqCst);
    assert_eq!(counted(Stat::TcpBypassed), 0);
    assert!(until_a_hit(&mut tcp, || "hot".to_string()) == 1);
}
