//~ ERROR: cannot be shared between threads safely
// SPDX-License-Identifier: GPL-2.0-only
pub static S: Option<rex::socket::SocketRef<'static>> = None;
