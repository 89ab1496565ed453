//~ ERROR: borrow of moved value
// SPDX-License-Identifier: GPL-2.0-only
pub fn f(socket: rex::socket::SocketRef<'_>) -> u16 { drop(socket); socket.local_port() }
