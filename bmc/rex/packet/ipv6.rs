// SPDX-License-Identifier: GPL-2.0-only
use super::{Address, Kind, UDP, UDP_LEN, Version, datagram, field, number};
use crate::stats::Stat;

pub const LEN: usize = 40;
/// Offset of the next header.
pub const PROTOCOL: usize = 6;
pub const ADDRESS_LEN: usize = 16;
/// Offsets of the addresses.
pub const FROM: usize = 8;
pub const TO: usize = 24;
/// First byte of the addresses of groups.
const GROUP: u8 = 0xff;

#[inline(always)]
pub fn address(bytes: &[u8; ADDRESS_LEN]) -> Address {
    Address { high: u64::from_be_bytes(field(bytes, 0)), low: u64::from_be_bytes(field(bytes, 8)) }
}

/// The header is at `ip`. With extension headers, it is none of our business.
#[inline(never)]
pub fn classify(frame: &[u8], ip: usize, port: u16) -> Kind {
    let Some(header) = frame.get(ip..).and_then(|rest| rest.first_chunk::<{ LEN + UDP_LEN }>())
    else {
        return Kind::Other;
    };
    if header[0] >> 4 != 6 || header[PROTOCOL] != UDP || number(header, LEN + 2) != port {
        return Kind::Other;
    }
    // From and to one host each; what begins with zeroes is nobody, this one, or IPv4 in disguise.
    let one = |at: usize| header[at] != GROUP && field(header, at) != [0; 8];
    if !one(FROM) || !one(TO) {
        return Kind::Odd(Stat::PassForm);
    }
    if field::<ADDRESS_LEN>(header, FROM) == field(header, TO) {
        return Kind::Odd(Stat::PassAddress);
    }
    datagram(frame, ip, ip + LEN, number(header, 4).into(), Version::V6).into()
}
