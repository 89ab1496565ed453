// SPDX-License-Identifier: GPL-2.0-only
//! What comes into the cache, and what takes it out.

use super::frames::*;
use super::*;
use crate::cache;

#[test]
fn set_by_tcp_invalidates() {
    let session = Session::new();
    for options in 0..=10 {
        for before in [&b""[..], b"get other\r\n", b"set other 0 0 3\r\nabc\r\n", &[b'.'; 77]] {
            sends(&session, Packet::new(&reply(b"key", b"old")));
            answers(&session, &get(b"key"), &answer(b"key", b"old"));
            let segment = tcp(options, &[before, &set_text(b"key", b"new")].concat());
            passes(&session, Packet::new(&segment));
            passes(&session, Packet::new(&get(b"key")));
        }
    }
    sends(&session, Packet::new(&reply(b"key", b"new")));
    answers(&session, &get(b"key"), &answer(b"key", b"new"));
}

#[test]
fn set_of_another_key_leaves_it() {
    let session = Session::new();
    sends(&session, Packet::new(&reply(b"key", b"value")));
    for key in [&b"ke"[..], b"key2", b"other", b"KEY", &[b'k'; 250]] {
        let seen = counts(Stat::InvalSet, || {
            passes(&session, Packet::new(&tcp(0, &set_text(key, b"new"))));
        });
        assert_eq!(seen, 1);
    }
    answers(&session, &get(b"key"), &answer(b"key", b"value"));
}

#[test]
fn set_to_or_from_elsewhere_leaves_it() {
    let session = Session::new();
    sends(&session, Packet::new(&reply(b"key", b"value")));
    let text = set_text(b"key", b"new");
    let mut other_port = tcp(0, &text);
    other_port[L4 + 3] ^= 1;
    // What the server sends, and options longer than the segment.
    let mut answer_of_server = tcp(0, &text);
    answer_of_server.copy_within(L4..L4 + 2, L4 + 2);
    answer_of_server[L4..L4 + 2].copy_from_slice(&SERVER.port.to_be_bytes());
    let mut no_payload = tcp(0, &text);
    no_payload[L4 + 12] = 0xf0;
    let mut in_options = tcp(3, b"");
    in_options[L4 + 20..].copy_from_slice(b"set key 0 0\n");
    for frame in [other_port, answer_of_server, no_payload, in_options] {
        passes(&session, Packet::new(&frame));
    }
    answers(&session, &get(b"key"), &answer(b"key", b"value"));
}

#[test]
fn replies_that_are_not_put_in() {
    let session = Session::new();
    let two = [&value_text(b"key", b"a")[..15], b"a\r\n", &value_text(b"k2", b"b")].concat();
    for text in [
        &b"END\r\n"[..],
        b"VALUE key 0 5 99\r\nvalue\r\nEND\r\n",
        b"VALUE key 0 6\r\nvalue\r\nEND\r\n",
        b"VALUE key 0 4\r\nvalue\r\nEND\r\n",
        b"VALUE key 0 5\r\nvalue\r\n",
        b"STORED\r\n",
        b"ERROR\r\n",
        b"",
        &two,
    ] {
        let frame = udp(SERVER, CLIENT, 9, 64, 0, text);
        let skipped = counts(Stat::RefusedForm, || sends(&session, Packet::new(&frame)));
        assert_eq!(skipped, 1, "{}", text.escape_ascii());
    }
    // Not of the server, not whole, tagged, a request.
    let whole = reply(b"key", b"value");
    for len in 0..whole.len() {
        sends(&session, Packet::new(&whole[..len]));
    }
    let tagged = [&whole[..12], &[0x81, 0, 0, 5], &whole[12..]].concat();
    let elsewhere = Side { port: 11_212, ..SERVER };
    let other = udp(elsewhere, CLIENT, 9, 64, 0, &value_text(b"key", b"value"));
    let request = udp(CLIENT, SERVER, 9, 64, 0, &value_text(b"key", b"value"));
    for frame in [tagged, other, request] {
        sends(&session, Packet::new(&frame));
    }
    passes(&session, Packet::new(&get(b"key")));
}

#[test]
fn a_socket_buffer_in_pieces_is_pulled() {
    let session = Session::new();
    let value = pattern(1000);
    let frame = reply(b"key", &value);
    for linear in [0, 1, 14, 42, 50, 100, frame.len() - 1] {
        passes(&session, Packet::new(&tcp(0, &set_text(b"key", b"other"))));
        passes(&session, Packet::new(&get(b"key")));
        sends(&session, Packet::new(&frame).with_linear(linear));
        answers(&session, &get(b"key"), &answer(b"key", &value));
    }
}

/// Runs `run` in the middle of a fill of `key` on this CPU.
fn while_filled<R>(key: &[u8], run: impl FnOnce() -> R) -> R {
    cache::write(key, |_| run()).expect("nobody else writes")
}

#[test]
fn a_bucket_that_is_being_written_is_left_alone() {
    let session = Session::new();
    sends(&session, Packet::new(&reply(b"key", b"value")));
    while_filled(b"key", || {
        assert_eq!(session.locks_held(), 1);
        // The mock takes this invocation for ended with the one inside: once only.
        let second = Packet::new(&reply(b"key", b"second"));
        assert_eq!(counts(Stat::RefusedForm, || sends(&session, second)), 1);
        assert_eq!(counts(Stat::PassBusy, || passes(&session, Packet::new(&get(b"key")))), 1);
    });
}

#[test]
fn a_set_during_a_fill_defeats_it() {
    let session = Session::new();
    sends(&session, Packet::new(&reply(b"key", b"value")));
    while_filled(b"key", || {
        passes(&session, Packet::new(&tcp(0, &set_text(b"key", b"new"))));
    });
    passes(&session, Packet::new(&get(b"key")));
    sends(&session, Packet::new(&reply(b"key", b"new")));
    answers(&session, &get(b"key"), &answer(b"key", b"new"));
}

/// A fill of `key` that is cut off in the middle.
fn cut_off_fill(session: &Session, key: &[u8]) {
    let cut = |_: &mut Tc<'_>| {
        while_filled(key, || panic!("cut off"));
        TcVerdict::Ok
    };
    assert!(session.run_tc(cut, &mut Packet::new(&[0; 60])).is_err());
}

#[test]
fn a_bucket_whose_writer_was_cut_off_is_taken_over() {
    let session = Session::new();
    for value in [&b"value"[..], b"other", &pattern(1300)] {
        sends(&session, Packet::new(&reply(b"key", b"before")));
        cut_off_fill(&session, b"key");
        // Nobody gets what is half there,
        assert_eq!(counts(Stat::PassBusy, || passes(&session, Packet::new(&get(b"key")))), 1);
        // not even after a second one
        cut_off_fill(&session, b"key");
        assert_eq!(counts(Stat::PassBusy, || passes(&session, Packet::new(&get(b"key")))), 1);
        // until the next reply is there.
        assert_eq!(counts(Stat::Fills, || sends(&session, Packet::new(&reply(b"key", value)))), 1);
        answers(&session, &get(b"key"), &answer(b"key", value));
    }
}

#[test]
fn a_takeover_shows_nothing_of_what_was_there() {
    let session = Session::new();
    sends(&session, Packet::new(&reply(b"key", b"before")));
    cut_off_fill(&session, b"key");
    // Empty already when its new writer begins, which is cut off without having written.
    while_filled(b"key", || ());
    assert_eq!(counts(Stat::Misses, || passes(&session, Packet::new(&get(b"key")))), 1);
}

#[test]
fn a_set_is_no_fill_of_a_bucket_that_was_cut_off() {
    let session = Session::new();
    sends(&session, Packet::new(&reply(b"key", b"before")));
    cut_off_fill(&session, b"key");
    passes(&session, Packet::new(&tcp(0, &set_text(b"key", b"new"))));
    passes(&session, Packet::new(&get(b"key")));
    sends(&session, Packet::new(&reply(b"key", b"new")));
    answers(&session, &get(b"key"), &answer(b"key", b"new"));
}

#[test]
fn room_is_given_back() {
    let session = Session::new();
    for len in [1, 57, 300] {
        let frame: Vec<u8> = pattern(len + 14);
        for more in [0, 1, 13, 300, 1385] {
            for in_front in [false, true] {
                let filler = if in_front { 3520 - frame.len() } else { 0 };
                let mut packet = Packet::new(&[vec![0x55; filler], frame.clone()].concat());
                let run = |ctx: &mut Xdp<'_>| {
                    ctx.adjust_head(filler as i32).expect("room");
                    let room = crate::room::Room::make(ctx, more).expect("room");
                    assert_eq!(ctx.data().len(), frame.len() + more);
                    assert_eq!(ctx.data()[..frame.len()], frame);
                    ctx.data_mut()[frame.len()..].fill(0xaa);
                    room.give_back(ctx);
                    XdpVerdict::Pass
                };
                assert_eq!(session.run_xdp(run, &mut packet), Ok(XdpVerdict::Pass));
                assert_eq!(packet.bytes(), frame);
            }
        }
    }
}
