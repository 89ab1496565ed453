// SPDX-License-Identifier: GPL-2.0-only
use super::{Eth, ethertype, header};

header! {
    /// A VLAN tag behind an Ethernet header whose type is VLAN or QINQ.
    Vlan, 4;
    /// Priority (3 bits), drop eligible (1) and VLAN number (12).
    tci, set_tci: u16 = 0;
    /// What follows, as in the Ethernet header.
    ethertype, set_ethertype: u16 = 2;
}

impl Vlan {
    /// The tag, and what follows it.
    #[inline(always)]
    pub fn parse(bytes: &[u8]) -> Option<(&Self, &[u8])> {
        Self::split(bytes)
    }

    /// [`parse`](Self::parse), to be written.
    #[inline(always)]
    pub fn parse_mut(bytes: &mut [u8]) -> Option<(&mut Self, &mut [u8])> {
        Self::split_mut(bytes)
    }

    /// The VLAN number, 0..4095.
    #[inline(always)]
    pub fn id(&self) -> u16 {
        self.tci() & 0xfff
    }
}

impl Eth {
    /// The type and bytes of what follows this header and all VLAN tags behind it (QinQ has two).
    #[inline]
    pub fn untagged<'a>(&self, mut rest: &'a [u8]) -> Option<(u16, &'a [u8])> {
        let mut kind = self.ethertype();
        while kind == ethertype::VLAN || kind == ethertype::QINQ {
            let (tag, behind) = Vlan::parse(rest)?;
            kind = tag.ethertype();
            rest = behind;
        }
        Some((kind, rest))
    }
}
