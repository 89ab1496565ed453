// SPDX-License-Identifier: GPL-2.0-only
//! Frames: which are requests to the server, and what the reply's headers are.
//!
//! Ethernet with or without one VLAN tag, IPv4 or IPv6, UDP, memcached's frame header.

mod ipv4;
mod ipv6;
mod reply;

pub use reply::{Headers, turn_round};

use crate::meta;
use crate::proto::{FRAME_LEN, is_single};
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
/// Of replies.
const TTL: u8 = 64;

/// 4096 bits: the VLANs whose frames are answered.
#[rex_map]
pub static BMC_VLANS: RexArray<u64> = RexArray::new(64, 0);

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

/// Looks at the headers of `frame`; the server is at `port`.
#[inline(always)]
pub fn classify(frame: &[u8], port: u16) -> Kind {
    let Some(header) = frame.first_chunk::<{ ETH_LEN + ipv4::LEN + UDP_LEN }>() else {
        return Kind::Other;
    };
    match number(header, 12) {
        0x0800 => ipv4::classify::<ETH_LEN>(frame, port),
        0x86dd => ipv6::classify(frame, ETH_LEN, port),
        0x8100 | 0x88a8 => tagged(frame, port),
        _ => Kind::Other,
    }
}

#[inline(never)]
fn tagged(frame: &[u8], port: u16) -> Kind {
    let kind = match number(frame, 16) {
        0x0800 => ipv4::classify::<{ ETH_LEN + TAG_LEN }>(frame, port),
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
fn datagram(frame: &[u8], ip: usize, udp: usize, len: usize, version: Version) -> Kind {
    let Some(datagram) = frame.get(udp..).and_then(|rest| rest.get(..len)) else {
        return Kind::Odd(Stat::PassForm);
    };
    let Some(header) = datagram.first_chunk::<{ UDP_LEN + FRAME_LEN }>() else {
        return Kind::Odd(Stat::PassForm);
    };
    let single = header.last_chunk().is_some_and(is_single);
    // To one host, from a port that can be answered.
    let good = frame.first().is_some_and(|byte| byte & 1 == 0) && number(header, 0) != 0;
    if usize::from(number(header, 4)) != len || !single || !good {
        return Kind::Odd(Stat::PassForm);
    }
    Kind::Request(Place { ip, udp, end: udp + len, version })
}

impl Place {
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
        let pseudo = addresses + UDP_SUM + len;
        let good = match u16::from_le_bytes(field(datagram, 6)) {
            // There is none, which IPv6 does not allow.
            0 => self.version == Version::V4,
            // From a socket of this machine, over a virtual device: the rest is for the hardware
            // to add, and there is none.
            check if check == sum::fold(pseudo) => true,
            _ => sum::fold(pseudo + sum::of(datagram)) == 0xffff,
        };
        good.then_some(addresses)
    }
}
