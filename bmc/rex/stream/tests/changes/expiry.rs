// SPDX-License-Identifier: GPL-2.0-only
use super::*;
use crate::track::expiry::of;

/// Until when a value of the key may be served, from now.
fn left(key: &str) -> Option<u32> {
    let hash = store::hash(key.as_bytes());
    match of(meta::get(), hash) {
        Some(NEVER) => Some(NEVER),
        deadline => deadline.map(|deadline| deadline - meta::now()),
    }
}

fn later(server: &Server, seconds: u64) {
    let now = u64::from(meta::now()) << meta::TIME_SHIFT;
    server.session.set_time_ns(now + seconds * 1_000_000_000);
}

fn assert_is_a_hundred_seconds(key: &str) {
    let units = (98_000_000_000u64 >> meta::TIME_SHIFT) as u32;
    let left = left(key);
    assert!((units - 2..=units).contains(&left.unwrap()), "{left:?}");
}

fn set(tcp: &mut Tcp<'_>, exptime: i64) {
    tcp.read(&format!("set key 0 {exptime} 1\r\nx\r\n"));
    tcp.write(&[b"STORED\r\n"]);
}

#[test]
fn what_was_never_seen_is_unknown() {
    let _server = server();
    assert_eq!(left("key"), Some(SECOND));
    meta::get().max_age.store(0, SeqCst);
    assert_eq!(left("key"), None);
}

#[test]
fn as_the_last_set_says() {
    let server = server();
    let mut tcp = server.tcp();
    set(&mut tcp, 0);
    assert_eq!(left("key"), Some(NEVER));
    set(&mut tcp, 100);
    assert_is_a_hundred_seconds("key");
    set(&mut tcp, 60 * 60 * 24 * 30);
    assert!(left("key").unwrap() > 19_000_000);
    assert_eq!(left("other"), Some(SECOND));
}

#[test]
fn a_time_of_day_is_by_the_servers_clock() {
    let server = server();
    let mut tcp = server.tcp();
    set(&mut tcp, 1_800_000_000);
    assert_eq!(left("key"), Some(SECOND), "its clock is not known");
    let now = (u64::from(meta::now()) << meta::TIME_SHIFT) / 1_000_000_000;
    meta::get().clock.store(1_800_000_000 - now as u32 - 100, SeqCst);
    set(&mut tcp, 1_800_000_000);
    assert_is_a_hundred_seconds("key");
    // long ago
    for exptime in [60 * 60 * 24 * 30 + 1, 1_700_000_000] {
        set(&mut tcp, exptime);
        assert_eq!(left("key"), None, "{exptime}");
    }
    set(&mut tcp, i64::from(i32::MAX));
    assert!(left("key").unwrap() > 2_000_000_000);
}

#[test]
fn soon_is_not_at_all() {
    let server = server();
    let mut tcp = server.tcp();
    for exptime in [-1, 1, 2] {
        set(&mut tcp, exptime);
        assert_eq!(left("key"), None, "{exptime}");
        server.cache("key", "x");
        assert!(!cached("key"));
    }
    assert_eq!(counted(Stat::RefusedExpiry), 3);
    // Still there? Then somebody has given it another time.
    later(&server, 12);
    assert_eq!(left("key"), Some(SECOND));
}

#[test]
fn a_value_expires() {
    let server = server();
    let mut tcp = server.tcp();
    set(&mut tcp, 10);
    server.cache("key", "x");
    assert!(cached("key"));
    later(&server, 7);
    assert!(cached("key"));
    later(&server, 1);
    assert!(!cached("key"));
}

#[test]
fn conditional_is_the_sooner() {
    let server = server();
    let mut tcp = server.tcp();
    tcp.read("touch key 100\r\n");
    tcp.write(&[b"NOT_FOUND\r\n"]);
    assert_eq!(left("key"), Some(SECOND), "unknown stays unknown");
    set(&mut tcp, 10);
    let ten = left("key");
    assert!(ten.unwrap() > SECOND);
    tcp.read("touch key 100\r\n");
    tcp.write(&[b"TOUCHED\r\n"]);
    assert_eq!(left("key"), ten);
    set(&mut tcp, 100);
    tcp.read("touch key 10\r\n");
    tcp.write(&[b"TOUCHED\r\n"]);
    assert_eq!(left("key"), ten);
    // These leave it as it is.
    tcp.read("append key 0 77 1\r\nx\r\n");
    tcp.write(&[b"STORED\r\n"]);
    tcp.read("incr key 1\r\n");
    tcp.write(&[b"1\r\n"]);
    assert_eq!(left("key"), ten);
}

#[test]
fn the_soonest_when_the_order_is_not_known() {
    let server = server();
    let (mut one, mut two) = (server.tcp(), server.tcp());
    for (first, second) in [(0, 100), (100, 0), (200, 100)] {
        one.read(&format!("set key 0 {first} 1\r\nx\r\n"));
        two.read(&format!("set key 0 {second} 1\r\nx\r\n"));
        one.write(&[b"STORED\r\n"]);
        two.write(&[b"STORED\r\n"]);
        assert_is_a_hundred_seconds("key");
    }
    // of an unknown one, too
    one.read("touch other 100\r\n");
    two.read("set other 0 0 1\r\nx\r\n");
    assert_eq!(left("other"), Some(SECOND));
    one.write(&[b"TOUCHED\r\n"]);
    two.write(&[b"STORED\r\n"]);
    // Something else of any key.
    set(&mut one, 0);
    set(&mut one, 0);
    assert_eq!(left("key"), Some(NEVER));
    two.read("nonsense\r\n");
    assert_eq!(left("key"), Some(SECOND), "another epoch");
    set(&mut one, 0);
    assert_eq!(left("key"), Some(SECOND), "it may not be executed yet");
    two.close();
    set(&mut one, 0);
    assert_eq!(left("key"), Some(NEVER));
}

#[test]
fn what_was_deleted_has_no_expiry_to_be_unknown() {
    let server = server();
    let mut tcp = server.tcp();
    tcp.read("add key 0 100 1\r\nx\r\n");
    tcp.write(&[b"STORED\r\n"]);
    assert_eq!(left("key"), Some(SECOND));
    tcp.read("delete key\r\n");
    tcp.write(&[b"DELETED\r\n"]);
    tcp.read("add key 0 100 1\r\nx\r\n");
    tcp.write(&[b"STORED\r\n"]);
    assert_is_a_hundred_seconds("key");
}

#[test]
fn a_command_that_never_becomes_whole_says_nothing() {
    let server = server();
    let mut tcp = server.tcp();
    set(&mut tcp, 100);
    let mut other = server.tcp();
    other.read("set key 0 0 5\r\nab");
    other.close();
    assert_eq!(left("key"), Some(SECOND));

    // nor one of which the key had no place
    set(&mut tcp, 100);
    let mut other = server.tcp();
    let sets: String = (0..20).map(|i| format!("set k{i} 0 0 1\r\nx\r\n")).collect();
    other.read(&format!("{sets}set key 0 0 5\r\nab"));
    other.close();
    assert_eq!(left("key"), Some(SECOND));
}

#[test]
fn known_for_more_keys_than_there_is_room_for() {
    let server = server();
    let mut tcp = server.tcp();
    tcp.read(&(0..50).map(|i| format!("set key{i} 0 0 1 noreply\r\nx\r\n")).collect::<String>());
    tcp.read_on();
    let known = (0..50).filter(|i| left(&format!("key{i}")) == Some(NEVER)).count();
    assert!(known > 45, "{known}");
}

#[test]
fn a_flush_all_that_comes_later() {
    let server = server();
    let (mut tcp, udp) = (server.tcp(), server.udp());
    tcp.read("flush_all 10\r\n");
    tcp.write(&[b"OK\r\n"]);
    set(&mut tcp, 0);
    server.cache("key", "value");
    assert!(cached("key"));
    let meta = meta::get();
    let running = || store::running(meta, meta::now());
    later(&server, 6);
    assert!(running());
    later(&server, 2);
    assert!(!running());
    later(&server, 3);
    udp.nothing();
    assert!(!running() && cached("key"));
    later(&server, 2);
    assert!(!running(), "nobody has looked");
    udp.nothing();
    assert!(running() && !cached("key"));
    assert_eq!((counted(Stat::EpochQuiet), meta.quiet_to.load(SeqCst)), (1, 0));
    // Two are one long one.
    tcp.read("flush_all 10\r\nflush_all 20\r\n");
    later(&server, 15);
    udp.nothing();
    assert!(!running());
    later(&server, 9);
    udp.nothing();
    assert!(running());
}

#[test]
fn a_flush_all_at_a_time_of_day() {
    let server = server();
    let mut tcp = server.tcp();
    tcp.read("flush_all 2592001\r\n");
    assert!(!store::running(meta::get(), meta::now()));
}
