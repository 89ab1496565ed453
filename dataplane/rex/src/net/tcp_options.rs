// SPDX-License-Identifier: GPL-2.0-only

/// A TCP option. Padding (no operation) is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcpOption<'a> {
    /// Longest segment that the sender takes.
    MaximumSegmentSize(u16),
    /// Shift of the window.
    WindowScale(u8),
    /// The sender understands selective acknowledgements.
    SackPermitted,
    /// Ranges that were received: pairs of sequence numbers, 8 bytes each.
    Sack(&'a [u8]),
    /// Time stamps.
    Timestamps {
        /// The sender's clock.
        value: u32,
        /// The last one that it got.
        echo: u32,
    },
    /// Any other, or one whose length is not what it should be.
    Other {
        /// Its number.
        kind: u8,
        /// What follows number and length.
        data: &'a [u8],
    },
}

/// The options of a TCP header, as [`Tcp::parse`](super::Tcp::parse) gives them. Ends where one is
/// cut short.
///
/// ```
/// use rex::net::{TcpOption, TcpOptions};
///
/// let options = [2, 4, 5, 0xb4, 1, 3, 3, 7, 0];
/// assert!(TcpOptions(&options).eq([TcpOption::MaximumSegmentSize(1460), TcpOption::WindowScale(7)]));
/// ```
#[derive(Clone, Debug)]
pub struct TcpOptions<'a>(pub &'a [u8]);

impl<'a> Iterator for TcpOptions<'a> {
    type Item = TcpOption<'a>;

    #[inline]
    fn next(&mut self) -> Option<TcpOption<'a>> {
        loop {
            match *self.0 {
                [] | [0, ..] => return None,
                [1, ref rest @ ..] => self.0 = rest,
                [kind, len, ref rest @ ..] => {
                    let data = usize::from(len).checked_sub(2)?;
                    let (data, rest) = rest.split_at_checked(data)?;
                    self.0 = rest;
                    return Some(match (kind, data) {
                        (2, &[a, b]) => TcpOption::MaximumSegmentSize(u16::from_be_bytes([a, b])),
                        (3, &[shift]) => TcpOption::WindowScale(shift),
                        (4, []) => TcpOption::SackPermitted,
                        (5, ranges) if ranges.len() % 8 == 0 => TcpOption::Sack(ranges),
                        (8, &[a, b, c, d, e, f, g, h]) => TcpOption::Timestamps {
                            value: u32::from_be_bytes([a, b, c, d]),
                            echo: u32::from_be_bytes([e, f, g, h]),
                        },
                        _ => TcpOption::Other { kind, data },
                    });
                }
                [_] => return None,
            }
        }
    }
}
