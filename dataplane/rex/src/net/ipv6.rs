// SPDX-License-Identifier: GPL-2.0-only
use super::header;

header! {
    /// IPv6.
    Ipv6, 40;
    /// Version (4 bits), traffic class (8), flow label (20).
    version_flow, set_version_flow: u32 = 0;
    /// Length of what follows in bytes.
    payload_len, set_payload_len: u16 = 4;
    /// What follows: an extension header or a protocol of [`ipproto`](super::ipproto).
    next_header, set_next_header: u8 = 6;
    /// Hop limit.
    hop_limit, set_hop_limit: u8 = 7;
    /// Source address.
    source, set_source: u128 = 8;
    /// Destination address.
    dest, set_dest: u128 = 24;
}

impl Ipv6 {
    /// Header and payload, which may begin with extension headers. `None` unless the version is 6
    /// and the length fits; bytes behind the packet's end are left out.
    #[inline(always)]
    pub fn parse(bytes: &[u8]) -> Option<(&Self, &[u8])> {
        let (ip, rest) = Self::split(bytes)?;
        if ip.version_flow() >> 28 != 6 {
            return None;
        }
        Some((ip, rest.get(..usize::from(ip.payload_len()))?))
    }

    /// [`parse`](Self::parse), to be written.
    #[inline(always)]
    pub fn parse_mut(bytes: &mut [u8]) -> Option<(&mut Self, &mut [u8])> {
        let (ip, rest) = Self::split_mut(bytes)?;
        if ip.version_flow() >> 28 != 6 {
            return None;
        }
        let payload = usize::from(ip.payload_len());
        Some((ip, rest.get_mut(..payload)?))
    }
}
