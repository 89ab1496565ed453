// SPDX-License-Identifier: GPL-2.0-only
use super::header;

header! {
    /// TCP.
    Tcp, 20;
    /// Source port.
    source, set_source: u16 = 0;
    /// Destination port.
    dest, set_dest: u16 = 2;
    /// Sequence number.
    seq, set_seq: u32 = 4;
    /// Acknowledgement number.
    ack_seq, set_ack_seq: u32 = 8;
    /// Header length (upper 4 bits, in words of 4 bytes).
    data_offset, set_data_offset: u8 = 12;
    /// CWR, ECE, URG, ACK, PSH, RST, SYN, FIN.
    flags, set_flags: u8 = 13;
    /// Window.
    window, set_window: u16 = 14;
    /// Checksum.
    check, set_check: u16 = 16;
}

impl Tcp {
    /// Header, options, payload; `None` unless the header's length fits.
    #[inline(always)]
    pub fn parse(bytes: &[u8]) -> Option<(&Self, &[u8], &[u8])> {
        let (tcp, rest) = Self::split(bytes)?;
        let (options, payload) = rest.split_at_checked(tcp.options_len()?)?;
        Some((tcp, options, payload))
    }

    /// [`parse`](Self::parse), to be written.
    #[inline(always)]
    pub fn parse_mut(bytes: &mut [u8]) -> Option<(&mut Self, &mut [u8], &mut [u8])> {
        let (tcp, rest) = Self::split_mut(bytes)?;
        let options = tcp.options_len()?;
        let (options, payload) = rest.split_at_mut_checked(options)?;
        Some((tcp, options, payload))
    }

    #[inline(always)]
    fn options_len(&self) -> Option<usize> {
        (usize::from(self.data_offset() >> 4) * 4).checked_sub(Self::LEN)
    }
}
