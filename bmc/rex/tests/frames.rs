// SPDX-License-Identifier: GPL-2.0-only
//! Frames as memcached, its clients and their kernels send them.

pub const ID: u16 = 0xbeef;
pub const IP: usize = 14;
pub const L4: usize = 34;
/// The frame header of the UDP protocol.
pub const FRAME: usize = 42;
pub const TEXT: usize = 50;

#[derive(Clone, Copy)]
pub struct Side {
    pub mac: [u8; 6],
    pub ip: [u8; 4],
    pub port: u16,
}

pub const CLIENT: Side = Side { mac: [2, 0, 0, 0, 0, 1], ip: [10, 1, 2, 3], port: 40_123 };
pub const SERVER: Side = Side { mac: [2, 0, 0, 0, 0, 2], ip: [192, 168, 7, 9], port: 11_211 };

/// RFC 1071, over whole words.
pub fn sum(bytes: &[u8]) -> u16 {
    let mut sum: u32 =
        bytes.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

/// Sets the checksum of the IP header.
pub fn seal(frame: &mut [u8]) {
    frame[IP + 10..IP + 12].fill(0);
    let sum = !sum(&frame[IP..L4]);
    frame[IP + 10..IP + 12].copy_from_slice(&sum.to_be_bytes());
}

/// An IPv4 packet in an Ethernet frame.
pub fn ip(from: Side, to: Side, protocol: u8, id: u16, ttl: u8, payload: &[u8]) -> Vec<u8> {
    let len = (20 + payload.len() as u16).to_be_bytes();
    let [id0, id1] = id.to_be_bytes();
    let mut frame = [&to.mac[..], &from.mac, &[8, 0]].concat();
    // DF; TOS is kept in a reply
    frame.extend([0x45, 0x10, len[0], len[1], id0, id1, 0x40, 0, ttl, protocol, 0, 0]);
    frame.extend(from.ip);
    frame.extend(to.ip);
    frame.extend(payload);
    seal(&mut frame);
    frame
}

/// A datagram of memcached's UDP protocol.
pub fn udp(from: Side, to: Side, ip_id: u16, ttl: u8, checksum: u16, text: &[u8]) -> Vec<u8> {
    let len = 16 + text.len() as u16;
    let words = [from.port, to.port, len, checksum, ID, 0, 1, 0];
    let header: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    ip(from, to, 17, ip_id, ttl, &[&header, text].concat())
}

pub fn get_text(key: &[u8]) -> Vec<u8> {
    [b"get ", key, b"\r\n"].concat()
}

pub fn value_text(key: &[u8], value: &[u8]) -> Vec<u8> {
    let numbers = format!(" 5 {}\r\n", value.len());
    [b"VALUE ", key, numbers.as_bytes(), value, b"\r\nEND\r\n"].concat()
}

/// A GET of `key`.
pub fn get(key: &[u8]) -> Vec<u8> {
    udp(CLIENT, SERVER, 77, 61, 0x1234, &get_text(key))
}

/// memcached's reply to some other GET of `key`.
pub fn reply(key: &[u8], value: &[u8]) -> Vec<u8> {
    udp(SERVER, CLIENT, 9, 64, 0xabcd, &value_text(key, value))
}

/// The reply that [`get`] must have.
pub fn answer(key: &[u8], value: &[u8]) -> Vec<u8> {
    udp(SERVER, CLIENT, 77, 64, 0, &value_text(key, value))
}

/// A segment to the server; `options`: 4-byte words of TCP options.
pub fn tcp(options: usize, text: &[u8]) -> Vec<u8> {
    let mut header = [&CLIENT.port.to_be_bytes()[..], &SERVER.port.to_be_bytes()].concat();
    header.extend([0, 0, 0, 1, 0, 0, 0, 2, (5 + options as u8) << 4, 0x18, 1, 0, 0x77, 0x77, 0, 0]);
    header.extend(vec![1; options * 4]);
    ip(CLIENT, SERVER, 6, 3, 64, &[&header, text].concat())
}

pub fn set_text(key: &[u8], value: &[u8]) -> Vec<u8> {
    [b"set ", key, format!(" 5 0 {}\r\n", value.len()).as_bytes(), value, b"\r\n"].concat()
}

/// `len` bytes in which each position counts.
pub fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 7 + i / 251) as u8).collect()
}
