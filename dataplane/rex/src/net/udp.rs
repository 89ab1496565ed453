// SPDX-License-Identifier: GPL-2.0-only
use super::checksum::Change;
use super::header;

header! {
    /// UDP.
    Udp, 8;
    /// Source port.
    source, set_source: u16 = 0;
    /// Destination port.
    dest, set_dest: u16 = 2;
    /// Length of header and payload in bytes.
    len, set_len: u16 = 4;
    /// Checksum; 0 over IPv4: none.
    check, set_check: u16 = 6;
}

#[allow(clippy::len_without_is_empty)]
impl Udp {
    /// Header and payload, `None` unless the length fits.
    #[inline(always)]
    pub fn parse(bytes: &[u8]) -> Option<(&Self, &[u8])> {
        let (udp, rest) = Self::split(bytes)?;
        Some((udp, rest.get(..usize::from(udp.len()).checked_sub(Self::LEN)?)?))
    }

    /// [`parse`](Self::parse), to be written.
    #[inline(always)]
    pub fn parse_mut(bytes: &mut [u8]) -> Option<(&mut Self, &mut [u8])> {
        let (udp, rest) = Self::split_mut(bytes)?;
        let payload = usize::from(udp.len()).checked_sub(Self::LEN)?;
        Some((udp, rest.get_mut(..payload)?))
    }

    /// Brings the checksum up to date with a change of packet or pseudo header: none stays none.
    #[inline(always)]
    pub fn update_check(&mut self, change: Change) {
        if self.check() != 0 {
            let check = change.apply(self.check());
            self.set_check(if check == 0 { 0xffff } else { check });
        }
    }
}
