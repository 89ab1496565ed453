// SPDX-License-Identifier: GPL-2.0-only
//! The frame header before each UDP datagram: request id, sequence number, number of datagrams,
//! reserved; 16 bits each, big-endian.

/// Its length in bytes.
pub const FRAME_LEN: usize = 8;

/// Whether the datagram is the only one of its request or reply, whatever the request id.
pub fn is_single(frame: &[u8; FRAME_LEN]) -> bool {
    matches!(frame, [_, _, 0, 0, 0, 1, 0, 0])
}
