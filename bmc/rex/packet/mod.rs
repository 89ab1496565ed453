// SPDX-License-Identifier: GPL-2.0-only
//! Frames: which are requests to the server, and what the reply's headers are.
//!
//! Ethernet with or without one VLAN tag, IPv4 or IPv6, UDP, memcached's frame header.

mod ipv4;
mod ipv6;
mod reply;

pub use reply::{Headers, turn_round};

use crate::meta::{self, Meta};
use crate::proto::FRAME_LEN;
use crate::stats::Stat;
use crate::sum::{self, Sum};
use core::sync::atomic::Ordering::Relaxed;
use rex::prelude::*;

const UDP: u8 = 17;
const UDP_LEN: usize = 8;
/// The same, as the two bytes of the pseudo header that it is in.
const UDP_SUM: Sum = (UDP as Sum) << 8;
const ETH_LEN: usize = 14;
const TAG_LEN: usize = 4;
/// Up to the end of a UDP header over IPv4.
const SHORTEST: usize = ETH_LEN + ipv4::LEN + UDP_LEN;
/// Of replies.
const TTL: u8 = 64;

/// 4096 bits: the VLANs whose frames are answered.
#[rex_map]
pub static BMC_VLANS: RexArray<u64> = RexArray::new(64, 0);

/// IPv4 addresses that no host sends from: broadcast addresses of this machine's networks, then zeroes.
/// The last one is all ones when there are more.
#[rex_map]
pub static BMC_BROADCASTS: RexArray<u32> = RexArray::new(64, 0);

/// What a frame looks like at first sight.
pub enum Look {
    /// IPv4 without tag and options, to the server's port, not from a broadcast address.
    Plain,
    /// It may be to that port, in another way.
    Other,
    /// None of our business.
    Nothing,
}

/// What a frame is.
pub enum Kind {
    /// A datagram to the server's port, in one piece, of one that can be answered.
    Request(Place),
    /// Something else to that port, and why it passes.
    Odd(Stat),
    /// None of our business.
    Other,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Version {
    V4,
    V6,
}

/// Where the parts of a request are, as offsets in the frame: all are within it.
#[derive(Clone, Copy)]
pub struct Place {
    /// The IP header.
    pub ip: usize,
    /// The UDP header.
    pub udp: usize,
    /// Where the datagram ends; behind it may be padding.
    pub end: usize,
    pub version: Version,
}

/// An address; IPv4 in the lower half, with all ones in the upper: there is no such host over IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    pub high: u64,
    pub low: u64,
}

/// `N` bytes of a header at a constant offset.
#[inline(always)]
fn field<const N: usize>(header: &[u8], offset: usize) -> [u8; N] {
    header.get(offset..).and_then(|rest| rest.first_chunk().copied()).unwrap_or([0; N])
}

#[inline(always)]
fn number(header: &[u8], offset: usize) -> u16 {
    u16::from_be_bytes(field(header, offset))
}

/// Looks at as little of `frame` as decides most cases; the server is at `port`.
#[inline(always)]
pub fn look(frame: &[u8], port: u16, meta: &Meta) -> Look {
    let Some(header) = frame.first_chunk::<SHORTEST>() else { return Look::Nothing };
    // EtherType, and the two bytes behind it.
    let start = u32::from_le_bytes(field(header, 12));
    if start & 0xff_ffff == u32::from_le_bytes([0x08, 0x00, ipv4::NO_OPTIONS, 0]) {
        if header[ETH_LEN + ipv4::PROTOCOL] != UDP
            || field(header, ETH_LEN + ipv4::LEN + 2) != port.to_be_bytes()
        {
            Look::Nothing
        } else if meta.broadcasts.load(Relaxed) >> (header[ETH_LEN + ipv4::FROM + 3] & 63) & 1 != 0
        {
            // It ends as some broadcast address does.
            Look::Other
        } else {
            Look::Plain
        }
    } else {
        let is_udp = match start.to_le_bytes() {
            [0x08, 0x00, ..] => header[ETH_LEN + ipv4::PROTOCOL] == UDP,
            [0x86, 0xdd, ..] => header[ETH_LEN + ipv6::PROTOCOL] == UDP,
            // Perhaps: it has a tag.
            [0x81, 0x00, ..] | [0x88, 0xa8, ..] => true,
            _ => false,
        };
        if is_udp { Look::Other } else { Look::Nothing }
    }
}

/// Looks at the headers of a plain frame: where its parts are.
#[inline(always)]
pub fn plain(frame: &[u8]) -> Result<Place, Stat> {
    ipv4::packet(frame, ETH_LEN, ipv4::LEN)
}

/// Looks at the headers of any other.
#[inline(never)]
pub fn classify(frame: &[u8], port: u16) -> Kind {
    match number(frame, 12) {
        0x0800 => ipv4::classify(frame, ETH_LEN, port),
        0x86dd => ipv6::classify(frame, ETH_LEN, port),
        _ => tagged(frame, port),
    }
}

#[inline(never)]
fn tagged(frame: &[u8], port: u16) -> Kind {
    let kind = match number(frame, 16) {
        0x0800 => ipv4::classify(frame, ETH_LEN + TAG_LEN, port),
        0x86dd => ipv6::classify(frame, ETH_LEN + TAG_LEN, port),
        _ => Kind::Other,
    };
    match kind {
        Kind::Request(_) if !is_our_vlan(number(frame, 14) & 0xfff) => Kind::Odd(Stat::PassVlan),
        kind => kind,
    }
}

fn is_our_vlan(id: u16) -> bool {
    meta::get().vlans.load(Relaxed) != 0
        && BMC_VLANS.get(u32::from(id) / 64).is_some_and(|word| word >> (id % 64) & 1 != 0)
}

/// The UDP header is at `udp`, the length of what is in the IP packet from there on is `len`.
#[inline(always)]
fn datagram(
    frame: &[u8],
    ip: usize,
    udp: usize,
    len: usize,
    version: Version,
) -> Result<Place, Stat> {
    let datagram = frame.get(udp..).and_then(|rest| rest.get(..len)).ok_or(Stat::PassForm)?;
    let header = datagram.first_chunk::<{ UDP_LEN + FRAME_LEN }>().ok_or(Stat::PassForm)?;
    // One datagram of one, to one host, from a port that can be answered.
    let good = u64::from_be_bytes(field(header, UDP_LEN)) << 16 == 1 << 32
        && frame.first().is_some_and(|byte| byte & 1 == 0)
        && field(header, 0) != [0, 0]
        && usize::from(number(header, 4)) == len;
    if good { Ok(Place { ip, udp, end: udp + len, version }) } else { Err(Stat::PassForm) }
}

impl From<Result<Place, Stat>> for Kind {
    fn from(result: Result<Place, Stat>) -> Self {
        match result {
            Ok(place) => Self::Request(place),
            Err(why) => Self::Odd(why),
        }
    }
}

impl Place {
    /// Of a plain frame, with an IP packet of `len` bytes.
    pub fn plain(len: usize) -> Self {
        Self { ip: ETH_LEN, udp: ETH_LEN + ipv4::LEN, end: ETH_LEN + len, version: Version::V4 }
    }

    /// Whether it is a plain frame.
    pub fn is_plain(&self) -> bool {
        self.ip == ETH_LEN && self.version == Version::V4
    }

    /// Where the text begins.
    #[inline(always)]
    pub fn text(&self) -> usize {
        self.udp + UDP_LEN + FRAME_LEN
    }

    /// The VLAN; 0: none.
    #[inline(always)]
    pub fn vlan(&self, frame: &[u8]) -> u16 {
        if self.ip == ETH_LEN { 0 } else { number(frame, 14) & 0xfff }
    }

    /// The address that the request is for.
    #[inline(always)]
    pub fn server(&self, frame: &[u8]) -> Address {
        match self.version {
            Version::V4 => ipv4::address(&field(frame, self.ip + ipv4::TO)),
            Version::V6 => ipv6::address(&field(frame, self.ip + ipv6::TO)),
        }
    }

    /// The address and port that it comes from.
    pub fn client(&self, frame: &[u8]) -> (Address, u16) {
        let address = match self.version {
            Version::V4 => ipv4::address(&field(frame, self.ip + ipv4::FROM)),
            Version::V6 => ipv6::address(&field(frame, self.ip + ipv6::FROM)),
        };
        (address, number(frame, self.udp))
    }

    /// Checks the checksums of the request: the sum of its two addresses, or `None` when one is
    /// wrong.
    #[inline(always)]
    pub fn verify(&self, frame: &[u8]) -> Option<Sum> {
        let addresses = match self.version {
            Version::V4 => ipv4::verify(frame.get(self.ip..self.udp)?)?,
            Version::V6 => {
                sum::of(&field::<{ 2 * ipv6::ADDRESS_LEN }>(frame, self.ip + ipv6::FROM))
            }
        };
        let datagram = frame.get(self.udp..self.end)?;
        let len = Sum::from(u16::from_le_bytes(field(datagram, 4)));
        let pseudo = sum::add(addresses, UDP_SUM + len);
        let good = match u16::from_le_bytes(field(datagram, 6)) {
            // There is none, which IPv6 does not allow.
            0 => self.version == Version::V4,
            // From a socket of this machine, over a virtual device: the rest is for the hardware
            // to add, and there is none.
            check if check == sum::fold(pseudo) => true,
            _ => sum::fold(sum::add(pseudo, sum::of(datagram))) == 0xffff,
        };
        good.then_some(addresses)
    }
}
