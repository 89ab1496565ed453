// SPDX-License-Identifier: GPL-2.0-only
use super::{Address, BMC_BROADCASTS, Kind, Place, UDP, UDP_LEN, Version, datagram, field, number};
use crate::meta;
use crate::stats::Stat;
use crate::sum::{self, Sum};
use core::sync::atomic::Ordering::Relaxed;

/// The header without options.
pub const LEN: usize = 20;
/// Its first byte then.
pub const NO_OPTIONS: u8 = 0x45;
/// Offset of the protocol.
pub const PROTOCOL: usize = 9;
/// Offsets of the addresses.
pub const FROM: usize = 12;
pub const TO: usize = 16;
/// Addresses from 224.0.0.0 on are of groups, or of all.
const FIRST_GROUP: u8 = 224;

#[inline(always)]
pub fn address(bytes: &[u8; 4]) -> Address {
    Address { high: u64::MAX, low: u32::from_be_bytes(*bytes).into() }
}

/// The header is at `ip`.
pub fn classify(frame: &[u8], ip: usize, port: u16) -> Kind {
    let Some(header) = frame.get(ip..).and_then(|rest| rest.first_chunk::<LEN>()) else {
        return Kind::Other;
    };
    let len = usize::from(header[0] & 15) * 4;
    if header[PROTOCOL] != UDP || header[0] >> 4 != 4 || len < LEN {
        return Kind::Other;
    }
    let Some(options) = frame.get(ip + LEN..ip + len) else { return Kind::Other };
    match frame.get(ip + len..).and_then(|udp| udp.first_chunk::<UDP_LEN>()) {
        Some(udp) if number(udp, 2) == port => match packet(frame, ip, len) {
            Ok(_) if !harmless(options) => Kind::Odd(Stat::PassForm),
            Ok(_) if is_broadcast(field(header, FROM)) => Kind::Odd(Stat::PassAddress),
            result => result.into(),
        },
        _ => Kind::Other,
    }
}

/// Whether this is a broadcast address of one of this machine's networks: no host sends from it.
fn is_broadcast(address: [u8; 4]) -> bool {
    let address = u32::from_be_bytes(address);
    let bits = meta::get().broadcasts.load(Relaxed);
    let is_one = |i| BMC_BROADCASTS.get(i).is_none_or(|one| one == address || one == u32::MAX);
    bits >> (address & 63) & 1 != 0 && (0..64).any(is_one)
}

/// Whether there is nothing in these options that matters to who gets the packet, and nothing wrong.
fn harmless(options: &[u8]) -> bool {
    const END: u8 = 0;
    const NOTHING: u8 = 1;
    const RECORD_ROUTE: u8 = 7;
    const ROUTER_ALERT: u8 = 148;
    let mut rest = options;
    loop {
        let next = match *rest {
            [] | [END, ..] => return true,
            [NOTHING, ..] => rest.get(1..),
            [ROUTER_ALERT, 4, ..] => rest.get(4..),
            [RECORD_ROUTE, len, at, ..]
                if len >= 3 && at >= 4 && (at > len || at.saturating_add(3) <= len) =>
            {
                rest.get(usize::from(len)..)
            }
            _ => None,
        };
        let Some(next) = next else { return false };
        rest = next;
    }
}

/// A packet with a header of `len` bytes at `ip`.
#[inline(always)]
pub fn packet(frame: &[u8], ip: usize, len: usize) -> Result<Place, Stat> {
    let header = frame.get(ip..).and_then(|rest| rest.first_chunk::<LEN>());
    let header = header.ok_or(Stat::PassForm)?;
    // Without "don't fragment" and the reserved bit.
    if number(header, 6) & 0x3fff != 0 {
        return Err(Stat::PassFragment);
    }
    // The kernel does not believe that.
    if field::<4>(header, FROM) == field(header, TO) {
        return Err(Stat::PassAddress);
    }
    // From and to one host each: not this one, not nobody.
    let one = |first: u8| first != 0 && first != 127 && first < FIRST_GROUP;
    match usize::from(number(header, 2)).checked_sub(len) {
        Some(rest) if one(header[FROM]) && one(header[TO]) => {
            datagram(frame, ip, ip + len, rest, Version::V4)
        }
        _ => Err(Stat::PassForm),
    }
}

/// The sum of the addresses, if the checksum of the header is right.
#[inline(always)]
pub fn verify(header: &[u8]) -> Option<Sum> {
    let (first, options) = header.split_first_chunk::<LEN>()?;
    let word = |at: usize| Sum::from(u32::from_le_bytes(field(first, at)));
    let addresses = word(FROM) + word(TO);
    let all = word(0) + word(4) + word(8) + addresses;
    let all = if options.is_empty() { all } else { all + sum::of(options) };
    (sum::fold(all) == 0xffff).then_some(addresses)
}
