// SPDX-License-Identifier: GPL-2.0-only
use super::{checksum, header};

/// Protocol numbers of IP.
#[allow(missing_docs)]
pub mod ipproto {
    pub const ICMP: u8 = 1;
    pub const TCP: u8 = 6;
    pub const UDP: u8 = 17;
    pub const ICMPV6: u8 = 58;
}

header! {
    /// IPv4.
    Ipv4, 20;
    /// Version and header length: `0x45` without options.
    version_ihl, set_version_ihl: u8 = 0;
    /// Length of header and payload in bytes.
    total_len, set_total_len: u16 = 2;
    /// Identification.
    id, set_id: u16 = 4;
    /// Flags (3 bits) and fragment offset.
    fragment, set_fragment: u16 = 6;
    /// Time to live.
    ttl, set_ttl: u8 = 8;
    /// What follows: see [`ipproto`].
    protocol, set_protocol: u8 = 9;
    /// Header checksum.
    check, set_check: u16 = 10;
    /// Source address.
    source, set_source: u32 = 12;
    /// Destination address.
    dest, set_dest: u32 = 16;
}

impl Ipv4 {
    /// Header, options, payload. `None` unless the version is 4 and both lengths fit; bytes behind
    /// the packet's end (Ethernet padding) are left out. The checksum is not verified.
    #[inline(always)]
    pub fn parse(bytes: &[u8]) -> Option<(&Self, &[u8], &[u8])> {
        let (ip, rest) = Self::split(bytes)?;
        let (options, payload) = ip.lengths()?;
        let (options, rest) = rest.split_at_checked(options)?;
        Some((ip, options, rest.get(..payload)?))
    }

    /// [`parse`](Self::parse), to be written.
    #[inline(always)]
    pub fn parse_mut(bytes: &mut [u8]) -> Option<(&mut Self, &mut [u8], &mut [u8])> {
        let (ip, rest) = Self::split_mut(bytes)?;
        let (options, payload) = ip.lengths()?;
        let (options, rest) = rest.split_at_mut_checked(options)?;
        Some((ip, options, rest.get_mut(..payload)?))
    }

    /// Bytes of options and of payload.
    #[inline(always)]
    fn lengths(&self) -> Option<(usize, usize)> {
        let header = usize::from(self.version_ihl() & 15) * 4;
        if self.version_ihl() >> 4 != 4 {
            return None;
        }
        let options = header.checked_sub(Self::LEN)?;
        Some((options, usize::from(self.total_len()).checked_sub(header)?))
    }

    /// Whether this is a piece of a larger packet.
    #[inline(always)]
    pub fn is_fragment(&self) -> bool {
        self.fragment() & 0x3fff != 0
    }

    /// Sets the checksum of a header without options.
    #[inline(always)]
    pub fn compute_check(&mut self) {
        self.set_check(0);
        self.set_check(checksum::checksum(&self.0));
    }

    /// The pseudo header's part of a TCP or UDP checksum, for [`checksum::add`].
    #[inline(always)]
    pub fn pseudo_sum(&self, transport_len: u16) -> u64 {
        u64::from(self.source())
            + u64::from(self.dest())
            + u64::from(self.protocol())
            + u64::from(transport_len)
    }
}
