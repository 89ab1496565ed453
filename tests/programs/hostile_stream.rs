// SPDX-License-Identifier: GPL-2.0-only
//! Counts the events of sockets, and goes wrong at one of them on request.
#![no_std]
use rex::prelude::*;

/// Which event, from 1 on, and how: 1 panics, 2 loops.
#[rex_map]
static ARMED: RexArray<[u32; 2]> = RexArray::new(1, 0);

/// By event, and the bytes seen at each.
#[rex_map]
static EVENTS: RexArray<u64> = RexArray::new(4, 0);
#[rex_map]
static BYTES: RexArray<u64> = RexArray::new(4, 0);

/// Events that said that something was missed, that began a socket, and records that were not as
/// they must be.
#[rex_map]
static NOTES: RexArray<u64> = RexArray::new(3, 0);

fn add(map: &'static RexArray<u64>, index: u32, n: usize) {
    map.set(index, map.get(index).unwrap_or(0) + n as u64);
}

fn goes_wrong(event: u32) -> bool {
    let Some([at, how]) = ARMED.get(0) else { return false };
    if at != event + 1 {
        return false;
    }
    ARMED.set(0, [0, 0]);
    while how == 2 {} // here: loop
    true
}

/// Every word of the record is the number of events since it was zero.
#[rex_stream]
pub fn serve(ctx: &mut Stream<'_, [u64; 512]>) -> StreamVerdict {
    let (is_new, is_lost) = (ctx.is_new(), ctx.is_lost());
    let (event, record) = ctx.split();
    let first = record[0];
    let is_right = record.iter().all(|word| *word == first) && (first == 0) == (is_new || is_lost);
    record.fill(first + 1);
    add(&NOTES, 0, is_lost.into());
    add(&NOTES, 1, is_new.into());
    add(&NOTES, 2, (!is_right).into());
    let (event, bytes) = match event {
        StreamEvent::Ready(mut ready) => {
            let bytes = ready.bytes();
            if ready.reply(b"never sent\n").is_ok() {
                ready.consume(bytes.len());
            }
            (0, bytes)
        }
        StreamEvent::Read(read) => (1, read.bytes()),
        StreamEvent::Wrote(wrote) => (2, wrote.bytes()),
        StreamEvent::Closed => (3, &[][..]),
    };
    if goes_wrong(event) {
        panic!("on request"); // here: panic
    }
    add(&EVENTS, event, 1);
    add(&BYTES, event, bytes.len());
    StreamVerdict::Pass
}
