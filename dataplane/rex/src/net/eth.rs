// SPDX-License-Identifier: GPL-2.0-only
use super::header;

/// What [`Eth::ethertype`] may be.
#[allow(missing_docs)]
pub mod ethertype {
    use crate::ffi;
    pub const IPV4: u16 = ffi::ETH_P_IP as u16;
    pub const IPV6: u16 = ffi::ETH_P_IPV6 as u16;
    pub const ARP: u16 = ffi::ETH_P_ARP as u16;
    pub const VLAN: u16 = ffi::ETH_P_8021Q as u16;
    pub const QINQ: u16 = ffi::ETH_P_8021AD as u16;
}

header! {
    /// Ethernet.
    Eth, 14;
    /// What follows: see [`ethertype`].
    ethertype, set_ethertype: u16 = 12;
}

impl Eth {
    /// The header, and what follows it.
    #[inline(always)]
    pub fn parse(bytes: &[u8]) -> Option<(&Self, &[u8])> {
        Self::split(bytes)
    }

    /// [`parse`](Self::parse), to be written.
    #[inline(always)]
    pub fn parse_mut(bytes: &mut [u8]) -> Option<(&mut Self, &mut [u8])> {
        Self::split_mut(bytes)
    }

    /// Destination address.
    #[inline(always)]
    pub fn dest(&self) -> [u8; 6] {
        let [a, b, c, d, e, f, ..] = self.0;
        [a, b, c, d, e, f]
    }

    /// Sets the destination address.
    #[inline(always)]
    pub fn set_dest(&mut self, address: [u8; 6]) {
        self.0[..6].copy_from_slice(&address);
    }

    /// Source address.
    #[inline(always)]
    pub fn source(&self) -> [u8; 6] {
        let [.., a, b, c, d, e, f, _, _] = self.0;
        [a, b, c, d, e, f]
    }

    /// Sets the source address.
    #[inline(always)]
    pub fn set_source(&mut self, address: [u8; 6]) {
        self.0[6..12].copy_from_slice(&address);
    }

    /// Swaps source and destination address.
    #[inline(always)]
    pub fn swap_addresses(&mut self) {
        let (dest, rest) = self.0.split_at_mut(6);
        dest.swap_with_slice(&mut rest[..6]);
    }
}
