// SPDX-License-Identifier: GPL-2.0-only
//! Ethernet, IPv4 without options, UDP and TCP: what of a frame is for us, and how a request
//! becomes a reply.

use crate::proto::{FRAME_LEN, is_single};

const IP: usize = 14;
const IP_LEN: usize = 20;
const L4: usize = IP + IP_LEN;
const UDP_LEN: usize = 8;
/// Where the text of a UDP request or reply begins.
pub const TEXT: usize = L4 + UDP_LEN + FRAME_LEN;

const TCP: u8 = 6;
const UDP: u8 = 17;
const TTL: u8 = 64;
/// IPv4 addresses from here on, by their first byte, are those of no single host.
const FIRST_GROUP: u8 = 224;

/// What a frame is to us.
pub enum Kind<'a> {
    /// The text of a request in one datagram.
    ToUdp(&'a [u8]),
    /// The text of a reply in one datagram.
    FromUdp(&'a [u8]),
    /// Payload of a TCP segment to the server, some of it.
    ToTcp(&'a [u8]),
    /// To or from the server's UDP port, but not in a form that we handle.
    Odd,
    /// Nothing of ours.
    Other,
}

/// The part of a header at `offset`.
#[inline(always)]
fn field<const N: usize>(header: &[u8; L4 + UDP_LEN], offset: usize) -> [u8; N] {
    header[offset..].first_chunk().copied().unwrap_or([0; N])
}

/// Looks at the headers of `frame`; the server is at `port`.
#[inline(always)]
pub fn classify(frame: &[u8], port: u16) -> Kind<'_> {
    let Some((header, rest)) = frame.split_first_chunk::<{ L4 + UDP_LEN }>() else {
        return Kind::Other;
    };
    let (from, to) = (field(header, L4), field(header, L4 + 2));
    let to_us = u16::from_be_bytes(to) == port;
    if !to_us && u16::from_be_bytes(from) != port {
        return Kind::Other;
    }
    // IPv4, 20 bytes of header, no fragment
    let fragment = u16::from_be_bytes(field(header, IP + 6)) & 0x3fff;
    if field(header, 12) != [0x08, 0x00] || header[IP] != 0x45 || fragment != 0 {
        return Kind::Other;
    }
    let ip_len = usize::from(u16::from_be_bytes(field(header, IP + 2)));
    match header[IP + 9] {
        UDP => udp(header, rest, ip_len, to_us),
        TCP if to_us => tcp(frame, ip_len),
        _ => Kind::Other,
    }
}

#[inline(always)]
fn udp<'a>(header: &[u8; L4 + UDP_LEN], rest: &'a [u8], ip_len: usize, to_us: bool) -> Kind<'a> {
    let udp_len = usize::from(u16::from_be_bytes(field(header, L4 + 4)));
    let text = ip_len
        .checked_sub(IP_LEN + UDP_LEN)
        .filter(|_| ip_len == IP_LEN + udp_len)
        .and_then(|len| rest.get(..len))
        .and_then(|payload| payload.split_first_chunk::<FRAME_LEN>())
        .filter(|(frame, _)| is_single(frame))
        .map(|(_, text)| text);
    // A request to a group or to all is not for us alone, and no address to reply from.
    let one = header[0] & 1 == 0 && header[IP + 16] < FIRST_GROUP;
    match text {
        Some(text) if to_us && one => Kind::ToUdp(text),
        Some(text) if !to_us => Kind::FromUdp(text),
        _ => Kind::Odd,
    }
}

#[inline(always)]
fn tcp(frame: &[u8], ip_len: usize) -> Kind<'_> {
    let segment = frame.get(L4 + 12).and_then(|offset| {
        let start = L4 + usize::from(offset >> 4) * 4;
        // without Ethernet's padding; what is cut off is still searched as far as it is there
        let end = (IP + ip_len).min(frame.len());
        frame.get(start..end)
    });
    segment.map_or(Kind::Other, Kind::ToTcp)
}

/// Makes a frame with "get KEY\r\n" and the rest of the reply behind it into the reply to its
/// sender, `text_len` bytes of text. `None`, and nothing changed, when it is shorter.
#[inline(always)]
pub fn turn_round(frame: &mut [u8], key_len: usize, text_len: usize) -> Option<()> {
    let end = TEXT + text_len;
    let ip_len = u16::try_from(end - IP).ok()?.to_be_bytes();
    let udp_len = u16::try_from(end - L4).ok()?.to_be_bytes();
    let (header, text) = frame.get_mut(..end)?.split_first_chunk_mut::<TEXT>()?;
    let get_and_key = text.get_mut(..6 + key_len)?;
    get_and_key.copy_within(4..4 + key_len, 6);
    get_and_key.first_chunk_mut::<6>()?.copy_from_slice(b"VALUE ");

    swap::<6>(header, 0, 6);
    swap::<4>(header, IP + 12, IP + 16);
    swap::<2>(header, L4, L4 + 2);
    replace(header, IP + 2, ip_len);
    replace(header, IP + 8, [TTL, UDP]);
    header[L4 + 4..L4 + 6].copy_from_slice(&udp_len);
    // no checksum
    header[L4 + 6..L4 + 8].copy_from_slice(&[0, 0]);
    Some(())
}

/// Exchanges the `N` bytes at `a` with those at `b`, behind them.
#[inline(always)]
fn swap<const N: usize>(header: &mut [u8; TEXT], a: usize, b: usize) {
    let (before, behind) = header.split_at_mut(b);
    if let (Some(x), Some(y)) = (before[a..].first_chunk_mut::<N>(), behind.first_chunk_mut::<N>())
    {
        core::mem::swap(x, y);
    }
}

/// Writes a 16-bit field of the IP header and corrects the checksum for it (RFC 1624), so that a
/// wrong one stays wrong.
#[inline(always)]
fn replace(header: &mut [u8; TEXT], at: usize, new: [u8; 2]) {
    const CSUM: usize = IP + 10;
    // in one's complement the order of bytes does not matter, as long as it is the same
    let word = |bytes: [u8; 2]| u32::from(u16::from_le_bytes(bytes));
    let old = [header[at], header[at + 1]];
    let sum = [header[CSUM], header[CSUM + 1]];
    let sum = (word(sum) ^ 0xffff) + (word(old) ^ 0xffff) + word(new);
    let sum = (sum & 0xffff) + (sum >> 16);
    let sum = (sum & 0xffff) + (sum >> 16);
    header[at..at + 2].copy_from_slice(&new);
    header[CSUM..CSUM + 2].copy_from_slice(&(!sum as u16).to_le_bytes());
}
