// SPDX-License-Identifier: GPL-2.0-only
//! The headers of a reply, as the server's kernel would make them.

use super::{ETH_LEN, Place, TTL, UDP, UDP_LEN, UDP_SUM, Version, field, ipv4, ipv6};
use crate::proto::FRAME_LEN;
use crate::sum::{self, Sum};

/// The headers of a request that is answered.
#[derive(Clone, Copy)]
pub struct Headers {
    pub place: Place,
    /// The sum of the two addresses.
    pub addresses: Sum,
}

impl Headers {
    /// How many bytes of options the IP header has. A reply has none.
    #[inline(always)]
    pub fn options(&self) -> usize {
        match self.place.version {
            Version::V4 => self.place.udp - self.place.ip - ipv4::LEN,
            Version::V6 => 0,
        }
    }
}

/// Makes the headers of a request, without options, into those of a reply with `text_len` bytes of
/// text, the sum of which is `text`. `None`, and nothing changed, when the frame is shorter.
#[inline(always)]
pub fn turn_round(frame: &mut [u8], headers: &Headers, text_len: usize, text: Sum) -> Option<()> {
    let Place { ip, udp, version, .. } = headers.place;
    let udp_len = u16::try_from(UDP_LEN + FRAME_LEN + text_len).ok()?;
    let ip_header = frame.get_mut(..udp + UDP_LEN + FRAME_LEN)?;
    let (ip_header, udp_header) = ip_header.split_at_mut_checked(udp)?;

    let udp_header = udp_header.first_chunk_mut::<{ UDP_LEN + FRAME_LEN }>()?;
    let ports: [u8; 4] = field(udp_header, 0);
    udp_header[..4].copy_from_slice(&u32::from_ne_bytes(ports).rotate_left(16).to_ne_bytes());
    udp_header[4..6].copy_from_slice(&udp_len.to_be_bytes());
    udp_header[6..8].fill(0);
    let [r0, r1, ..] = udp_header[UDP_LEN..] else { return None };
    let id = u16::from_ne_bytes([r0, r1]) ^ u16::from_ne_bytes([ports[0], ports[1]]);
    // The pseudo header has the length, too.
    let len = Sum::from(udp_len.to_be());
    let sum =
        [UDP_SUM, len, sum::of(udp_header), text].into_iter().fold(headers.addresses, sum::add);
    udp_header[6..8].copy_from_slice(&sum::finish(sum));

    match version {
        Version::V4 => ipv4(ip_header.get_mut(ip..)?, udp_len, id, headers.addresses)?,
        Version::V6 => ipv6(ip_header.get_mut(ip..)?, udp_len)?,
    }
    let eth = ip_header.first_chunk_mut::<ETH_LEN>()?;
    let [to, from]: [[u8; 6]; 2] = [field(eth, 0), field(eth, 6)];
    eth[..6].copy_from_slice(&from);
    eth[6..12].copy_from_slice(&to);
    Some(())
}

fn len_of(udp_len: u16, header: usize) -> [u8; 2] {
    (udp_len + header as u16).to_be_bytes()
}

/// Type of service 0, as the server's socket has it. It may be fragmented on its way, since nobody
/// here learns of a smaller MTU: hence an id, one that the client does not use again soon.
#[inline(always)]
fn ipv4(header: &mut [u8], udp_len: u16, id: u16, addresses: Sum) -> Option<()> {
    let header = header.first_chunk_mut::<{ ipv4::LEN }>()?;
    let [to, from]: [[u8; 4]; 2] = [field(header, ipv4::FROM), field(header, ipv4::TO)];
    let [l0, l1] = len_of(udp_len, ipv4::LEN);
    let [i0, i1] = id.to_ne_bytes();
    let first = [0x45, 0, l0, l1];
    let second = [i0, i1, 0, 0];
    let third = [TTL, UDP, 0, 0];
    let word = |bytes: [u8; 4]| Sum::from(u32::from_le_bytes(bytes));
    let sum = sum::add(word(first) + word(second) + word(third), addresses);
    let [c0, c1] = (!sum::fold(sum)).to_le_bytes();
    header[..4].copy_from_slice(&first);
    header[4..8].copy_from_slice(&second);
    header[8..12].copy_from_slice(&[TTL, UDP, c0, c1]);
    header[ipv4::FROM..ipv4::TO].copy_from_slice(&from);
    header[ipv4::TO..].copy_from_slice(&to);
    Some(())
}

#[inline(never)]
fn ipv6(header: &mut [u8], udp_len: u16) -> Option<()> {
    let header = header.first_chunk_mut::<{ ipv6::LEN }>()?;
    let [to, from]: [[u8; ipv6::ADDRESS_LEN]; 2] =
        [field(header, ipv6::FROM), field(header, ipv6::TO)];
    let [l0, l1] = udp_len.to_be_bytes();
    header[..8].copy_from_slice(&[0x60, 0, 0, 0, l0, l1, UDP, TTL]);
    header[ipv6::FROM..ipv6::TO].copy_from_slice(&from);
    header[ipv6::TO..].copy_from_slice(&to);
    Some(())
}
