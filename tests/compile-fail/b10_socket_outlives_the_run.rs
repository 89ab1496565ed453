//~ ERROR: lifetime may not live long enough
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
use rex::socket::{SocketRef, SocketTuple};
#[rex_xdp]
pub fn run(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let kept: Option<SocketRef<'static>> = ctx.sk_lookup_tcp(&SocketTuple::v4(1, 2, 3, 4));
    if kept.is_none() { XdpVerdict::Drop } else { XdpVerdict::Pass }
}
