// SPDX-License-Identifier: GPL-2.0-only
//! libFuzzer target: the parsers on any bytes. They do not panic, and a rewritten packet has a
//! right checksum if it had one before.

mod parse;

use rex::net::checksum::{add, finish};
use rex::net::{Eth, Ipv4, Tcp, Udp, ipproto};
use std::slice;

/// Whether IP header and transport have right checksums.
fn is_right(frame: &[u8]) -> Option<bool> {
    let (_, rest) = Eth::parse(frame)?;
    let (ip, options, payload) = Ipv4::parse(rest)?;
    let header = finish(add(add(0, ip.bytes()), options)) == 0;
    let check = match ip.protocol() {
        ipproto::UDP => {
            let (udp, _) = Udp::parse(payload)?;
            (udp.check() != 0).then(|| usize::from(udp.len()))
        }
        ipproto::TCP => Tcp::parse(payload).map(|_| payload.len()),
        _ => None,
    };
    let transport =
        check.is_none_or(|len| finish(add(ip.pseudo_sum(len as u16), &payload[..len])) == 0);
    Some(header && transport)
}

// SAFETY: libFuzzer's entry point; nothing else defines it.
#[unsafe(no_mangle)]
extern "C" fn LLVMFuzzerTestOneInput(data: *const u8, len: usize) -> i32 {
    // SAFETY: libFuzzer passes that many bytes.
    let data = if len == 0 { &[] } else { unsafe { slice::from_raw_parts(data, len) } };
    std::hint::black_box(parse::parse(data));
    let mut frame = data.to_vec();
    let before = is_right(&frame);
    if parse::rewrite(&mut frame).is_some() && before == Some(true) {
        assert_eq!(is_right(&frame), Some(true));
    }
    0
}
