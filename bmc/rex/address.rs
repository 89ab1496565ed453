// SPDX-License-Identifier: GPL-2.0-only
//! To which addresses is the server's? Its sockets are known from what it reads.

/// The server read from the UDP socket at `sock` (the address of its `struct sock`).
pub fn server_socket(_sock: u64) {
    todo!()
}

/// There is no server any more, or another one.
pub fn forget_sockets() {
    todo!()
}
