// SPDX-License-Identifier: GPL-2.0-only
use super::header;

header! {
    /// ICMP and ICMPv6.
    Icmp, 8;
    /// What it is about; the two protocols number differently.
    kind, set_kind: u8 = 0;
    /// More exactly.
    code, set_code: u8 = 1;
    /// Checksum; with the pseudo header for ICMPv6 only.
    check, set_check: u16 = 2;
    /// Identifier of an echo.
    id, set_id: u16 = 4;
    /// Sequence number of an echo; the MTU in "fragmentation needed".
    seq, set_seq: u16 = 6;
}

impl Icmp {
    /// Header and the rest: data of an echo, or the packet that it is about.
    #[inline(always)]
    pub fn parse(bytes: &[u8]) -> Option<(&Self, &[u8])> {
        Self::split(bytes)
    }

    /// [`parse`](Self::parse), to be written.
    #[inline(always)]
    pub fn parse_mut(bytes: &mut [u8]) -> Option<(&mut Self, &mut [u8])> {
        Self::split_mut(bytes)
    }
}
