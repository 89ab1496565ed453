// SPDX-License-Identifier: GPL-2.0-only
use super::header;

header! {
    /// ARP for IPv4 over Ethernet.
    Arp, 28;
    /// Kind of link layer: 1.
    hardware, set_hardware: u16 = 0;
    /// Kind of network layer: as the Ethernet type of IPv4.
    protocol, set_protocol: u16 = 2;
    /// 1: who has the target address? 2: the answer.
    operation, set_operation: u16 = 6;
    /// Sender's IPv4 address.
    sender, set_sender: u32 = 14;
    /// Target's IPv4 address.
    target, set_target: u32 = 24;
}

impl Arp {
    /// `None` unless it is for IPv4 over Ethernet.
    #[inline(always)]
    pub fn parse(bytes: &[u8]) -> Option<(&Self, &[u8])> {
        Self::split(bytes).filter(|(arp, _)| arp.is_ipv4())
    }

    /// [`parse`](Self::parse), to be written.
    #[inline(always)]
    pub fn parse_mut(bytes: &mut [u8]) -> Option<(&mut Self, &mut [u8])> {
        Self::split_mut(bytes).filter(|(arp, _)| arp.is_ipv4())
    }

    #[inline(always)]
    fn is_ipv4(&self) -> bool {
        matches!(self.0, [0, 1, 8, 0, 6, 4, ..])
    }

    /// Sender's Ethernet address.
    #[inline(always)]
    pub fn sender_mac(&self) -> [u8; 6] {
        let [_, _, _, _, _, _, _, _, a, b, c, d, e, f, ..] = self.0;
        [a, b, c, d, e, f]
    }

    /// Sets the sender's Ethernet address.
    #[inline(always)]
    pub fn set_sender_mac(&mut self, address: [u8; 6]) {
        self.0[8..14].copy_from_slice(&address);
    }

    /// Target's Ethernet address; of no meaning in a question.
    #[inline(always)]
    pub fn target_mac(&self) -> [u8; 6] {
        let [.., a, b, c, d, e, f, _, _, _, _] = self.0;
        [a, b, c, d, e, f]
    }

    /// Sets the target's Ethernet address.
    #[inline(always)]
    pub fn set_target_mac(&mut self, address: [u8; 6]) {
        self.0[18..24].copy_from_slice(&address);
    }
}
