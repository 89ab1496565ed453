// SPDX-License-Identifier: GPL-2.0-only
//! Frames as memcached's clients and its kernel send them, built with nothing of the program.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Request id of the frame header.
pub const ID: u16 = 0xbeef;

#[derive(Clone, Copy)]
pub struct Side {
    pub mac: [u8; 6],
    pub ip: IpAddr,
    pub port: u16,
}

pub const CLIENT: Side =
    Side { mac: [2, 0, 0, 0, 0, 1], ip: IpAddr::V4(Ipv4Addr::new(10, 1, 2, 3)), port: 40_123 };
pub const SERVER: Side =
    Side { mac: [2, 0, 0, 0, 0, 2], ip: IpAddr::V4(Ipv4Addr::new(192, 168, 7, 9)), port: 11_211 };
pub const CLIENT6: Side =
    Side { ip: IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 1, 0, 0, 0, 0x51)), ..CLIENT };
pub const SERVER6: Side =
    Side { ip: IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 2, 0, 0, 0, 0x9)), ..SERVER };

/// What the UDP checksum of a datagram is like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Check {
    Right,
    /// 0: there is none.
    None,
    /// Of a socket on this machine: the sum of the pseudo header, the rest is left to the hardware.
    Partial,
    Wrong,
}

/// A datagram and all that is around it.
#[derive(Clone)]
pub struct Datagram {
    pub from: Side,
    pub to: Side,
    /// Type and tag.
    pub vlan: Option<[u8; 4]>,
    pub tos: u8,
    pub id: u16,
    pub flags: u16,
    pub ttl: u8,
    pub options: Vec<u8>,
    pub check: Check,
    pub frame: [u8; 8],
    pub text: Vec<u8>,
}

impl Datagram {
    /// A request with that text.
    pub fn request(text: &[u8]) -> Self {
        let [a, b] = ID.to_be_bytes();
        Self {
            from: CLIENT,
            to: SERVER,
            vlan: None,
            tos: 0x12,
            id: 77,
            flags: 0x4000,
            ttl: 61,
            options: Vec::new(),
            check: Check::Right,
            frame: [a, b, 0, 0, 0, 1, 0, 0],
            text: text.to_vec(),
        }
    }

    pub fn request6(text: &[u8]) -> Self {
        Self { from: CLIENT6, to: SERVER6, ..Self::request(text) }
    }

    /// The reply with that text that this request must have.
    pub fn reply(&self, text: &[u8]) -> Self {
        let id = u16::from_be_bytes([self.frame[0], self.frame[1]]) ^ self.from.port;
        Self {
            from: self.to,
            to: self.from,
            vlan: self.vlan,
            tos: 0,
            id,
            flags: 0,
            ttl: 64,
            options: Vec::new(),
            check: Check::Right,
            frame: self.frame,
            text: text.to_vec(),
        }
    }

    /// The offset of the IP header.
    pub fn ip_at(&self) -> usize {
        if self.vlan.is_some() { 18 } else { 14 }
    }

    /// The offset of the UDP header.
    pub fn udp_at(&self) -> usize {
        self.ip_at() + if self.to.ip.is_ipv4() { 20 + self.options.len() } else { 40 }
    }

    /// The offset of the text.
    pub fn text_at(&self) -> usize {
        self.udp_at() + 16
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = [&self.to.mac[..], &self.from.mac].concat();
        bytes.extend(self.vlan.iter().flatten());
        let udp = self.udp();
        match (self.from.ip, self.to.ip) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                let words = (20 + self.options.len()) / 4;
                let len = (words * 4 + udp.len()) as u16;
                let mut header = vec![0x40 | words as u8, self.tos];
                for word in [len, self.id, self.flags] {
                    header.extend(word.to_be_bytes());
                }
                header.extend([self.ttl, 17, 0, 0]);
                header.extend([from.octets(), to.octets()].concat());
                header.extend(&self.options);
                let check = !sum(&header);
                header[10..12].copy_from_slice(&check.to_be_bytes());
                bytes.extend([&[8, 0][..], &header].concat());
            }
            (IpAddr::V6(from), IpAddr::V6(to)) => {
                let [a, b] = (udp.len() as u16).to_be_bytes();
                let first = [0x60 | self.tos >> 4, self.tos << 4, 0, 0, a, b, 17, self.ttl];
                bytes.extend([&[0x86, 0xdd][..], &first, &from.octets(), &to.octets()].concat());
            }
            _ => panic!("two versions of IP"),
        }
        bytes.extend(udp);
        bytes
    }

    fn udp(&self) -> Vec<u8> {
        let len = (16 + self.text.len()) as u16;
        let mut udp: Vec<u8> =
            [self.from.port, self.to.port, len, 0].iter().flat_map(|n| n.to_be_bytes()).collect();
        udp.extend([&self.frame[..], &self.text].concat());
        let octets = |ip: IpAddr| match ip {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        };
        let [a, b] = len.to_be_bytes();
        let pseudo = [&octets(self.from.ip)[..], &octets(self.to.ip), &[0, 17, a, b]].concat();
        let right = match !sum(&[&pseudo[..], &udp].concat()) {
            0 => 0xffff,
            check => check,
        };
        let check = match self.check {
            Check::Right => right,
            Check::None => 0,
            Check::Partial => sum(&pseudo),
            Check::Wrong => right ^ 0x0100,
        };
        udp[6..8].copy_from_slice(&check.to_be_bytes());
        udp
    }
}

/// RFC 1071, over whole words.
pub fn sum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = bytes
        .chunks(2)
        .map(|pair| u32::from(u16::from_be_bytes([pair[0], *pair.get(1).unwrap_or(&0)])))
        .sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

/// Sets the checksum of an IPv4 header without options, in a frame without a tag.
pub fn seal(frame: &mut [u8]) {
    frame[24..26].fill(0);
    let sum = !sum(&frame[14..34]);
    frame[24..26].copy_from_slice(&sum.to_be_bytes());
}

pub fn get_text(key: &[u8]) -> Vec<u8> {
    [b"get ", key, b"\r\n"].concat()
}

/// What the server says about one key.
pub fn block(key: &[u8], value: &[u8]) -> Vec<u8> {
    let numbers = format!(" 5 {}\r\n", value.len());
    [b"VALUE ", key, numbers.as_bytes(), value, b"\r\n"].concat()
}

pub fn value_text(key: &[u8], value: &[u8]) -> Vec<u8> {
    [&block(key, value)[..], b"END\r\n"].concat()
}

/// A GET of `key`.
pub fn get(key: &[u8]) -> Vec<u8> {
    Datagram::request(&get_text(key)).bytes()
}

/// The reply that [`get`] must have.
pub fn answer(key: &[u8], value: &[u8]) -> Vec<u8> {
    Datagram::request(&get_text(key)).reply(&value_text(key, value)).bytes()
}

/// A segment to the server.
pub fn tcp(text: &[u8]) -> Vec<u8> {
    let mut frame = Datagram::request(text).bytes();
    frame[23] = 6;
    seal(&mut frame);
    frame
}

/// `len` bytes in which each position counts.
pub fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 7 + i / 251) as u8).collect()
}
