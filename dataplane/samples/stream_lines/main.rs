// SPDX-License-Identifier: GPL-2.0-only
//! Counts the lines that a server reads and writes, and answers the line "ping" in its place. For
//! servers that write one line for each that they read.
#![no_std]

use rex::prelude::*;

#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub struct Lines {
    read: u64,
    written: u64,
    answered: u64,
    /// The server read a part of a line.
    is_open: u32,
    /// All was seen, from the first byte of the connection on.
    is_whole: u32,
}

/// By the number of the socket. The least recently used make room for new ones.
#[rex_map]
static LINES: RexLruHashMap<u64, Lines> = RexLruHashMap::new(1024, 0);

fn ends(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

#[rex_stream]
pub fn lines(ctx: &mut Stream<'_, Lines>) -> StreamVerdict {
    let (socket, is_new) = (ctx.socket(), ctx.is_new());
    let (event, lines) = ctx.split();
    let mut verdict = StreamVerdict::Pass;
    lines.is_whole |= u32::from(is_new);
    match event {
        // Not before the server has written the replies to what it read.
        StreamEvent::Ready(_) if lines.read != lines.written => {}
        StreamEvent::Ready(mut ready) if lines.is_whole != 0 && lines.is_open == 0 => {
            while ready.bytes().starts_with(b"ping\n") && ready.reply(b"pong\n").is_ok() {
                ready.consume(5);
                lines.answered += 1;
            }
            verdict = ready.answer();
        }
        StreamEvent::Ready(_) | StreamEvent::Closed => {}
        StreamEvent::Read(read) => {
            lines.read += ends(read.bytes());
            lines.is_open = read.bytes().last().map_or(lines.is_open, |b| u32::from(*b != b'\n'));
        }
        StreamEvent::Wrote(wrote) => lines.written += ends(wrote.bytes()),
    }
    let _ = LINES.set(&socket, *lines);
    verdict
}
