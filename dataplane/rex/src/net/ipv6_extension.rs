// SPDX-License-Identifier: GPL-2.0-only
use super::Ipv6;

/// Numbers of IPv6 extension headers.
#[allow(missing_docs)]
pub mod extension {
    pub const HOP_BY_HOP: u8 = 0;
    pub const ROUTING: u8 = 43;
    pub const FRAGMENT: u8 = 44;
    /// Encrypted: what follows cannot be read, so no iterator gets past it.
    pub const ESP: u8 = 50;
    pub const AUTHENTICATION: u8 = 51;
    pub const NONE: u8 = 59;
    pub const DESTINATION: u8 = 60;
    pub const MOBILITY: u8 = 135;
    pub const HIP: u8 = 139;
    pub const SHIM6: u8 = 140;
}

/// An extension header of IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// Which one: see [`extension`].
    pub kind: u8,
    /// All of it; at least 8 bytes.
    pub bytes: &'a [u8],
}

impl Extension<'_> {
    /// Offset in bytes, whether more follow, and identification, if this is a fragment header.
    #[inline]
    pub fn fragment(&self) -> Option<(u16, bool, u32)> {
        match (self.kind, self.bytes) {
            (extension::FRAGMENT, &[_, _, high, low, a, b, c, d, ..]) => {
                let word = u16::from_be_bytes([high, low]);
                Some((word & !7, word & 1 != 0, u32::from_be_bytes([a, b, c, d])))
            }
            _ => None,
        }
    }
}

/// The extension headers of an IPv6 packet, one after the other. Ends behind the last one, or where
/// one is cut short: [`upper`](Self::upper) tells which.
#[derive(Clone, Debug)]
pub struct Extensions<'a> {
    next: u8,
    rest: &'a [u8],
    /// What is left is no header: the rest of a fragmented packet, or one cut short.
    opaque: bool,
}

impl<'a> Extensions<'a> {
    /// Protocol and bytes of what follows the headers taken so far. `None` when that cannot be
    /// told: in all fragments but the first, and when a header is cut short.
    #[inline]
    pub fn upper(&self) -> Option<(u8, &'a [u8])> {
        if self.opaque { None } else { Some((self.next, self.rest)) }
    }
}

impl<'a> Iterator for Extensions<'a> {
    type Item = Extension<'a>;

    #[inline]
    fn next(&mut self) -> Option<Extension<'a>> {
        use extension::*;

        if self.opaque {
            return None;
        }
        let kind = self.next;
        let unit = match kind {
            HOP_BY_HOP | ROUTING | FRAGMENT | DESTINATION | MOBILITY | HIP | SHIM6 => 8,
            AUTHENTICATION => 4,
            _ => return None,
        };
        // Until it is found whole.
        self.opaque = true;
        let &[next, words, ..] = self.rest else { return None };
        let len = match kind {
            FRAGMENT => 8,
            AUTHENTICATION => (usize::from(words) + 2) * unit,
            _ => (usize::from(words) + 1) * unit,
        };
        let (bytes, rest) = self.rest.split_at_checked(len)?;
        let header = Extension { kind, bytes };
        self.opaque = header.fragment().is_some_and(|(offset, _, _)| offset != 0);
        self.next = next;
        self.rest = rest;
        Some(header)
    }
}

impl Ipv6 {
    /// The extension headers at the start of this packet's payload.
    ///
    /// ```
    /// use rex::net::{Ipv6, Udp, ipproto};
    ///
    /// fn udp(packet: &[u8]) -> Option<&Udp> {
    ///     let (ip, payload) = Ipv6::parse(packet)?;
    ///     let (protocol, bytes) = ip.upper(payload)?;
    ///     if protocol == ipproto::UDP { Some(Udp::parse(bytes)?.0) } else { None }
    /// }
    /// # assert!(udp(&[]).is_none());
    /// ```
    #[inline]
    pub fn extensions<'a>(&self, payload: &'a [u8]) -> Extensions<'a> {
        Extensions { next: self.next_header(), rest: payload, opaque: false }
    }

    /// Protocol and bytes behind all extension headers; `None` when that cannot be told.
    #[inline]
    pub fn upper<'a>(&self, payload: &'a [u8]) -> Option<(u8, &'a [u8])> {
        let mut headers = self.extensions(payload);
        while headers.next().is_some() {}
        headers.upper()
    }

    /// The pseudo header's part of a checksum, for [`checksum::add`](super::checksum::add).
    /// `protocol` and length are of what is behind the extension headers.
    #[inline]
    pub fn pseudo_sum(&self, protocol: u8, len: u32) -> u64 {
        let (_, addresses) = self.bytes().split_at(8);
        super::checksum::add(u64::from(protocol) + u64::from(len), addresses)
    }
}
