// SPDX-License-Identifier: GPL-2.0-only
//! Stream programs against the mock's sockets.

use rex::mock::{Fault, Session};
use rex::prelude::*;
use std::cell::RefCell;

#[derive(Clone, Copy, Debug, Default, PartialEq, Pod)]
#[repr(C)]
struct Record {
    events: u64,
    bytes: u64,
}

/// Every form of the parameter that the macro has to read.
mod forms {
    use super::Record;
    use rex::prelude::*;

    #[rex_stream]
    pub fn none(_ctx: &mut Stream<'_>) -> StreamVerdict {
        StreamVerdict::Pass
    }
    #[rex_stream]
    pub fn hidden(_ctx: &mut Stream) -> StreamVerdict {
        StreamVerdict::Pass
    }
    #[rex_stream]
    pub fn of_array(ctx: &mut rex::stream::Stream<'_, [u16; 3]>) -> StreamVerdict {
        ctx.record()[2] += 1;
        StreamVerdict::Pass
    }
    #[rex_stream]
    pub fn without_lifetime(ctx: &mut Stream<Record>) -> StreamVerdict {
        ctx.record().events += 1;
        StreamVerdict::Pass
    }
    macro_rules! made {
        ($name:ident, $record:ty, $context:ty) => {
            #[rex_stream]
            pub fn $name(ctx: &mut Stream<'_, $record>) -> StreamVerdict {
                let record: &mut $record = ctx.record();
                record.events += 1;
                StreamVerdict::Pass
            }
            pub mod of_the_whole {
                use super::*;
                #[rex_stream]
                pub fn $name(ctx: $context) -> StreamVerdict {
                    super::$name(ctx)
                }
            }
        };
    }
    made! { of_fragment, Record, &mut Stream<'_, Record> }
}

#[test]
fn records_are_found_in_every_form_of_the_parameter() {
    let session = Session::new();
    session.connection(forms::none).receive(b"a").unwrap();
    session.connection(forms::hidden).receive(b"a").unwrap();
    let mut array = session.connection(forms::of_array);
    array.receive(b"a").unwrap();
    assert_eq!(array.record(), [0, 0, 1]);
    for program in [
        forms::without_lifetime as fn(&mut Stream<'_, Record>) -> StreamVerdict,
        forms::of_fragment,
        forms::of_the_whole::of_fragment,
    ] {
        let mut connection = session.connection(program);
        connection.receive(b"a").unwrap();
        assert_eq!(connection.record().events, 1);
    }
}

#[test]
fn replies_are_bounded_by_the_room() {
    let session = Session::new();
    let mut connection = session.connection(|ctx: &mut Stream<'_>| {
        let StreamEvent::Ready(mut ready) = ctx.event() else { return StreamVerdict::Pass };
        if ready.bytes() != b"abc" {
            return StreamVerdict::Pass;
        }
        assert_eq!(ready.reply(b"four"), Ok(()));
        assert_eq!(ready.reply(b"much"), Err(rex::stream::Full));
        assert_eq!((ready.reply_len(), ready.room().len()), (4, 3));
        ready.room()[..2].copy_from_slice(b"in");
        ready.filled(2);
        assert_eq!(ready.reply(b"e"), Ok(()));
        assert_eq!((ready.reply(b""), ready.reply(b"x")), (Ok(()), Err(rex::stream::Full)));
        ready.truncate(6);
        ready.truncate(100);
        ready.consume(1);
        ready.consume(0);
        assert_eq!(ready.bytes(), b"bc");
        ready.answer()
    });
    connection.send_room = 7;
    connection.receive(b"abc").unwrap();
    assert_eq!((connection.sent(), &*connection.unread()), (&b"fourin"[..], &b"bc"[..]));
}

#[test]
fn nothing_is_sent_without_the_verdict() {
    let session = Session::new();
    let mut connection = session.connection(|ctx: &mut Stream<'_>| {
        if let StreamEvent::Ready(mut ready) = ctx.event() {
            ready.reply(b"lost").unwrap();
            ready.consume(1);
        }
        StreamVerdict::Pass
    });
    connection.receive(b"abc").unwrap();
    assert_eq!((&*connection.read(10).unwrap(), connection.sent()), (&b"abc"[..], &b""[..]));
    let mut connection = session.connection(|ctx: &mut Stream<'_>| {
        let StreamEvent::Ready(mut ready) = ctx.event() else { return StreamVerdict::Pass };
        ready.reply(b"to nothing").unwrap();
        ready.answer()
    });
    connection.receive(b"abc").unwrap();
    assert_eq!((connection.sent(), &*connection.unread()), (&b""[..], &b"abc"[..]));
}

#[test]
fn more_than_there_is_panics() {
    let session = Session::new();
    let fault = |text: &str| Err(Fault(text.into()));
    let ready = |n: usize, change: fn(&mut rex::stream::Ready<'_>, usize)| {
        let mut connection = session.connection(move |ctx: &mut Stream<'_>| {
            let StreamEvent::Ready(mut ready) = ctx.event() else { return StreamVerdict::Pass };
            change(&mut ready, 1);
            change(&mut ready, n);
            ready.answer()
        });
        connection.send_room = 3;
        connection.receive(b"abc")
    };
    assert_eq!(ready(2, |ready, n| ready.consume(n)), Ok(()));
    assert_eq!(ready(2, |ready, n| ready.filled(n)), Ok(()));
    for n in [3, usize::MAX, 1 << 32] {
        let consumed = "more bytes consumed than there are";
        assert_eq!(ready(n, |ready, n| ready.consume(n)), fault(consumed));
        let filled = "more bytes filled than there is room for";
        assert_eq!(ready(n, |ready, n| ready.filled(n)), fault(filled));
    }
    for n in [0, 4, (1 << 32) + 1] {
        let mut connection = session.connection(move |ctx: &mut Stream<'_>| limit(ctx.event(), n));
        connection.receive(b"abc").unwrap();
        let result = connection.read(100);
        assert_eq!(result.unwrap_err().0, "a read is limited to 1 byte or more of it");
        assert_eq!(connection.delivered(), b"abc");
    }
}

fn limit(event: StreamEvent<'_>, n: usize) -> StreamVerdict {
    if let StreamEvent::Read(mut read) = event {
        read.limit(n);
    }
    StreamVerdict::Pass
}

/// What the program sees, as text.
fn watch(log: &RefCell<Vec<String>>) -> impl FnMut(&mut Stream<'_, Record>) -> StreamVerdict {
    |ctx| {
        let flags = [(ctx.is_new(), " new"), (ctx.is_lost(), " lost"), (ctx.is_udp(), " udp")];
        let flags: String = flags.iter().filter(|(on, _)| *on).map(|(_, text)| *text).collect();
        let (event, record) = ctx.split();
        record.events += 1;
        let text = match event {
            StreamEvent::Ready(ready) => format!("ready {}", ready.bytes().len()),
            StreamEvent::Read(read) => {
                let more = if read.has_more() { " more" } else { "" };
                let full = if read.is_full() { " full" } else { "" };
                format!("read {} of {}{more}{full}", read.bytes().len(), read.asked())
            }
            StreamEvent::Wrote(wrote) => {
                let more = if wrote.has_more() { " more" } else { "" };
                format!("wrote {} by {}{more}", wrote.bytes().len(), wrote.tid())
            }
            StreamEvent::Closed => "closed".into(),
        };
        log.borrow_mut().push(text + &flags);
        StreamVerdict::Pass
    }
}

#[test]
fn reads_and_writes_come_in_pieces() {
    let session = Session::new();
    let log = RefCell::default();
    let mut connection = session.connection(watch(&log));
    assert_eq!(connection.read(9).unwrap(), b"");
    connection.receive(&[7; 40_000]).unwrap();
    assert_eq!(connection.read(35_000).unwrap().len(), 35_000);
    assert_eq!(connection.read(5_001).unwrap().len(), 5_000);
    connection.write(&[8; 16_385]).unwrap();
    assert_eq!(connection.record().events, 8);
    connection.close().unwrap();
    assert_eq!(
        *log.borrow(),
        [
            "ready 16384 new",
            "read 16384 of 35000 more full",
            "read 16384 of 35000 more full",
            "read 2232 of 35000 full",
            "ready 5000",
            "read 5000 of 5001",
            "wrote 16384 by 1000 more",
            "wrote 1 by 1000",
            "closed",
        ]
        .map(String::from)
    );
}

#[test]
fn datagrams_are_one_event_each() {
    let session = Session::new();
    let log = RefCell::default();
    let mut socket = session.udp_socket(watch(&log));
    for datagram in [&b"first"[..], b"", b"third"] {
        socket.receive(datagram).unwrap();
    }
    assert_eq!(socket.read(3).unwrap(), b"fir", "the rest of a datagram is gone");
    assert_eq!(socket.read(100).unwrap(), b"");
    assert_eq!(socket.read(100).unwrap(), b"third");
    socket.write(b"").unwrap();
    let expected = [
        "read 3 of 3 full new udp",
        "read 0 of 100 udp",
        "read 5 of 100 udp",
        "wrote 0 by 1000 udp",
    ];
    assert_eq!(*log.borrow(), expected.map(String::from));
}

#[test]
fn datagrams_that_are_not_there() {
    let session = Session::new();
    let log = RefCell::default();
    let mut socket = session.udp_socket(watch(&log));
    assert_eq!(socket.read(100).unwrap(), b"");
    socket.lose();
    socket.read(100).unwrap();
    socket.read_unseen(100).unwrap();
    let expected = ["read 0 of 100 new udp", "read 0 of 100 lost udp", "read 0 of 100 lost udp"];
    assert_eq!(*log.borrow(), expected.map(String::from));
}

#[test]
fn what_is_read_of_a_sender_and_of_a_socket() {
    let session = Session::new();
    let mut socket = session.udp_socket(|ctx: &mut Stream<'_>| {
        assert_eq!(ctx.sock().0, 0x1000);
        let StreamEvent::Read(read) = ctx.event() else { panic!("nothing is written") };
        assert_eq!(read.asks_for_sender(), read.asked() == 1);
        StreamVerdict::Pass
    });
    socket.sock = 0x1000;
    for (asked, named) in [(1, true), (2, false)] {
        socket.named = named;
        socket.read(asked).unwrap();
    }
}

#[test]
fn how_a_socket_ends() {
    let session = Session::new();
    let log = RefCell::new(Vec::new());
    let watch = |ctx: &mut Stream<'_>| {
        if let StreamEvent::Closed = ctx.event() {
            log.borrow_mut().push((ctx.is_udp(), ctx.is_listener(), ctx.is_detached()));
        }
        StreamVerdict::Pass
    };
    session.connection(watch).close().unwrap();
    assert!(log.borrow().is_empty(), "nothing happened there");
    session.connection(watch).detach().unwrap();
    session.listener(watch).close().unwrap();
    session.listener(watch).detach().unwrap();
    session.udp_socket(watch).close().unwrap();
    session.udp_socket(watch).detach().unwrap();
    let expected = [
        (false, false, true),
        (false, true, false),
        (false, true, true),
        (true, false, false),
        (true, false, true),
    ];
    assert_eq!(*log.borrow(), expected);
}

#[test]
fn skipped_bytes_are_not_shown() {
    let session = Session::new();
    let mut shown = Vec::new();
    let mut connection = session.connection(|ctx: &mut Stream<'_>| {
        match ctx.event() {
            StreamEvent::Read(mut read) => {
                shown.extend_from_slice(read.bytes());
                read.skip(20_000);
            }
            StreamEvent::Wrote(mut wrote) => {
                shown.extend_from_slice(wrote.bytes());
                wrote.skip(2);
            }
            _ => {}
        }
        StreamVerdict::Pass
    });
    connection.receive(b"a").unwrap();
    connection.read(1).unwrap();
    connection.receive(&[0; 20_000]).unwrap();
    connection.receive(b"b").unwrap();
    assert_eq!(connection.read(100_000).unwrap().len(), 20_001);
    connection.write(b"c").unwrap();
    connection.write(b"0").unwrap();
    connection.write(b"0d").unwrap();
    assert_eq!(connection.sent(), b"c00d");
    connection.close().unwrap();
    assert_eq!(shown, b"abcd");
}

#[test]
fn answers_go_on_for_a_few_turns() {
    let session = Session::new();
    let mut connection = session.connection(|ctx: &mut Stream<'_>| {
        let StreamEvent::Ready(mut ready) = ctx.event() else { return StreamVerdict::Pass };
        ready.consume(1);
        ready.answer()
    });
    connection.receive(b"abcdef").unwrap();
    assert_eq!(connection.unread(), b"ef");
    connection.send_room = 0;
    connection.receive(b"g").unwrap();
    assert_eq!(connection.unread(), b"efg", "nothing is answered without room");
    session.connection(|_: &mut Stream<'_>| panic!("an event")).close().unwrap();
}

#[test]
fn limited_reads_leave_the_rest() {
    let session = Session::new();
    let mut connection = session.connection(|ctx: &mut Stream<'_>| limit(ctx.event(), 2));
    connection.receive(b"abcde").unwrap();
    assert_eq!(connection.read(100).unwrap(), b"ab");
    assert_eq!(connection.read(3).unwrap(), b"cd");
    assert_eq!(connection.unread(), b"e");
}

#[test]
fn what_was_missed_is_told_and_the_record_is_zero() {
    let session = Session::new();
    let log = RefCell::default();
    let mut watch = watch(&log);
    let mut connection = session.connection(|ctx: &mut Stream<'_, Record>| {
        let verdict = watch(ctx);
        ctx.record().bytes = 5;
        if let StreamEvent::Wrote(wrote) = ctx.event() {
            assert_ne!(wrote.bytes(), b"crash");
        }
        verdict
    });
    connection.receive(b"a").unwrap();
    assert!(connection.write(b"crash").is_err());
    assert_eq!(connection.sent(), b"crash");
    assert_eq!(connection.read(5).unwrap(), b"a");
    assert_eq!(connection.record(), Record { events: 2, bytes: 5 });
    session.set_generation(2);
    connection.write(b"b").unwrap();
    connection.write(b"c").unwrap();
    let expected = [
        "ready 1 new",
        "wrote 5 by 1000",
        "ready 1 lost",
        "read 1 of 5",
        "wrote 1 by 1000 lost",
        "wrote 1 by 1000",
    ];
    assert_eq!(*log.borrow(), expected.map(String::from));
    assert_eq!(connection.record(), Record { events: 2, bytes: 5 });
}

#[test]
fn sockets_have_numbers_of_their_own() {
    let session = Session::new();
    let mut seen = Vec::new();
    for _ in 0..3 {
        let mut connection = session.connection(|ctx: &mut Stream<'_>| {
            seen.push(ctx.socket());
            StreamVerdict::Pass
        });
        connection.receive(b"a").unwrap();
        connection.receive(b"b").unwrap();
    }
    assert_eq!(seen.len(), 6);
    seen.dedup();
    assert_eq!(seen.len(), 3);
}

/// What is left out until the next read, one letter per event.
#[test]
fn events_are_left_out_until_the_next_read() {
    let session = Session::new();
    let seen = RefCell::new(String::new());
    let mut connection = session.connection(|ctx: &mut Stream<'_>| {
        let is_lost = ctx.is_lost();
        seen.borrow_mut().push_str(if is_lost { "!" } else { "" });
        match ctx.event() {
            StreamEvent::Ready(_) => seen.borrow_mut().push('.'),
            StreamEvent::Read(mut read) => {
                seen.borrow_mut().push('r');
                for byte in read.bytes() {
                    match byte {
                        b'a' => read.without_ready(),
                        b'b' => read.without_wrote(),
                        b'p' => panic!("on request"),
                        _ => {}
                    }
                }
            }
            StreamEvent::Wrote(mut wrote) => {
                seen.borrow_mut().push('w');
                wrote.skip(if wrote.bytes() == b"skip" { 5 } else { 0 });
            }
            StreamEvent::Closed => seen.borrow_mut().push('c'),
        }
        StreamVerdict::Pass
    });
    let mut check = |bytes: &[u8], reply: &[u8], expected: &str| {
        connection.receive(bytes).unwrap();
        let read = connection.read(9);
        let wrote = connection.write(reply);
        assert_eq!(read.is_err() || wrote.is_err(), bytes == b"p", "{bytes:?}");
        assert_eq!(seen.take(), expected, "{bytes:?}");
    };
    check(b"x", b"y", ".rw");
    check(b"a", b"y", ".rw");
    check(b"b", b"y", "r");
    check(b"ab", b"y", ".r");
    check(b"ab", b"y", "r");
    check(b"x", b"skip", "rw");
    // Bytes that would have been skipped pass unseen, too.
    check(b"ab", b"12345", ".r");
    check(b"x", b"y", "rw");
    check(b"ab", b"y", ".r");
    // A crash ends it.
    check(b"p", b"y", "r!w");
    check(b"x", b"y", ".rw");
    connection.close().unwrap();
    assert_eq!(seen.take(), "c");
}
