// SPDX-License-Identifier: GPL-2.0-only
//! One entry per packet helper at XDP. What goes wrong is a drop.
#![no_std]
use rex::net::checksum::Change;
use rex::net::{Eth, Ipv4, Udp};
use rex::prelude::*;
use rex::route::{FibRequest, NoRoute};
use rex::socket::{SocketRef, SocketState, SocketTuple};

/// Element 0: an interface.
#[rex_map]
static PARAM: RexArray<u32> = RexArray::new(1, 0);

fn pass(done: Option<()>) -> XdpVerdict {
    if done.is_some() { XdpVerdict::Pass } else { XdpVerdict::Drop }
}

fn put(frame: &mut [u8], offset: usize, bytes: &[u8]) -> Option<()> {
    frame.get_mut(offset..)?.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(())
}

fn when(is: bool) -> Option<()> {
    is.then_some(())
}

#[rex_xdp]
pub fn adjust_head(ctx: &mut Xdp<'_>) -> XdpVerdict {
    pass((|| {
        ctx.adjust_head(4).ok()?;
        ctx.adjust_head(-12).ok()?;
        put(ctx.data_mut(), 0, &[0xee; 12])?;
        when(ctx.adjust_head(100_000).is_err())
    })())
}

#[rex_xdp]
pub fn adjust_tail(ctx: &mut Xdp<'_>) -> XdpVerdict {
    pass((|| {
        ctx.adjust_tail(-10).ok()?;
        ctx.adjust_tail(4).ok()?;
        when(ctx.adjust_tail(100_000).is_err())
    })())
}

#[rex_xdp]
pub fn adjust_meta(ctx: &mut Xdp<'_>) -> XdpVerdict {
    pass((|| {
        when(ctx.meta().is_empty())?;
        ctx.adjust_meta(-8).ok()?;
        put(ctx.meta_mut(), 0, b"metadata")?;
        ctx.adjust_meta(4).ok()?;
        when(ctx.meta() == b"data" && ctx.adjust_meta(-3).is_err())
    })())
}

/// Leaves metadata for packet_tc's `meta`.
#[rex_xdp]
pub fn meta_for_tc(ctx: &mut Xdp<'_>) -> XdpVerdict {
    pass((|| {
        ctx.adjust_meta(-4).ok()?;
        put(ctx.meta_mut(), 0, b"rex!")
    })())
}

#[rex_xdp]
pub fn load_bytes(ctx: &mut Xdp<'_>) -> XdpVerdict {
    pass((|| {
        let mut tail = [0; 10];
        ctx.load(ctx.len() - 10, &mut tail).ok()?;
        when(
            tail == ctx.data()[ctx.data().len() - 10..]
                && ctx.load(ctx.len() - 9, &mut tail).is_err(),
        )
    })())
}

#[rex_xdp]
pub fn store_bytes(ctx: &mut Xdp<'_>) -> XdpVerdict {
    pass((|| {
        ctx.store(ctx.len() - 4, b"STOR").ok()?;
        when(ctx.store(ctx.len() - 3, b"STOR").is_err())
    })())
}

#[rex_xdp]
pub fn fields(ctx: &mut Xdp<'_>) -> XdpVerdict {
    pass((|| {
        when(ctx.len() as usize == ctx.data().len() && !ctx.has_frags())?;
        let (ifindex, queue) = (ctx.ifindex(), ctx.rx_queue());
        put(ctx.data_mut(), 0, &ifindex.to_be_bytes())?;
        put(ctx.data_mut(), 4, &queue.to_be_bytes())
    })())
}

/// To 192.168.7.9, with both checksums brought up to date.
#[rex_xdp]
pub fn csum_diff(ctx: &mut Xdp<'_>) -> XdpVerdict {
    pass((|| {
        let (_, rest) = Eth::parse_mut(ctx.data_mut())?;
        let (ip, _, rest) = Ipv4::parse_mut(rest)?;
        let (udp, _) = Udp::parse_mut(rest)?;
        let new = 0xc0a8_0709;
        let change = Change::u32(ip.dest(), new);
        ip.set_dest(new);
        ip.set_check(change.apply(ip.check()));
        udp.set_check(change.apply(udp.check()));
        Some(())
    })())
}

#[rex_xdp]
pub fn redirect(ctx: &mut Xdp<'_>) -> XdpVerdict {
    ctx.redirect(PARAM.get(0).unwrap_or(0)).unwrap_or(XdpVerdict::Drop)
}

/// The next hop's addresses into the Ethernet header, its interface into the rest.
#[rex_xdp]
pub fn fib_lookup(ctx: &mut Xdp<'_>) -> XdpVerdict {
    pass((|| {
        let (_, rest) = Eth::parse(ctx.data())?;
        let (ip, _, _) = Ipv4::parse(rest)?;
        let request = FibRequest::v4(ip.source(), ip.dest()).ifindex(PARAM.get(0)?);
        let hop = ctx.fib_lookup(&request).ok()?;
        put(ctx.data_mut(), 0, &hop.dest_mac)?;
        put(ctx.data_mut(), 6, &hop.source_mac)?;
        put(ctx.data_mut(), 14, &hop.ifindex.to_be_bytes())?;
        let nowhere = FibRequest::v4(0x0a4d_0002, 0xc633_6401).ifindex(PARAM.get(0)?);
        when(ctx.fib_lookup(&nowhere) == Err(NoRoute::Blackhole))
    })())
}

fn tuple(frame: &[u8]) -> Option<SocketTuple> {
    let (_, rest) = Eth::parse(frame)?;
    let (ip, _, rest) = Ipv4::parse(rest)?;
    let (udp, _) = Udp::parse(rest)?;
    Some(SocketTuple::v4(ip.source(), udp.source(), ip.dest(), udp.dest()))
}

fn answer(frame: &mut [u8], socket: SocketRef<'_>) -> Option<()> {
    let state = match socket.state() {
        SocketState::Listen => b"listen",
        SocketState::Established => b"establ",
        _ => b"other ",
    };
    put(frame, 0, state)?;
    put(frame, 6, &socket.local_port().to_be_bytes())?;
    put(frame, 8, &[socket.family() as u8, socket.mark() as u8])
}

#[rex_xdp]
pub fn sk_lookup_tcp(ctx: &mut Xdp<'_>) -> XdpVerdict {
    pass((|| {
        let socket = ctx.sk_lookup_tcp(&tuple(ctx.data())?)?;
        answer(ctx.data_mut(), socket)
    })())
}

#[rex_xdp]
pub fn sk_lookup_udp(ctx: &mut Xdp<'_>) -> XdpVerdict {
    pass((|| {
        let socket = ctx.sk_lookup_udp(&tuple(ctx.data())?)?;
        answer(ctx.data_mut(), socket)
    })())
}

/// Panics while it holds the socket, twice.
#[rex_xdp]
pub fn sk_panic(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let Some(tuple) = tuple(ctx.data()) else { return XdpVerdict::Drop };
    let (Some(_one), Some(_two)) = (ctx.sk_lookup_tcp(&tuple), ctx.sk_lookup_tcp(&tuple)) else {
        return XdpVerdict::Drop;
    };
    panic!("holding it twice");
}

/// Takes more sockets than an invocation may hold: None then, and none leaks.
#[rex_xdp]
pub fn sk_many(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let Some(tuple) = tuple(ctx.data()) else { return XdpVerdict::Drop };
    let held: [Option<SocketRef<'_>>; 20] = core::array::from_fn(|_| ctx.sk_lookup_tcp(&tuple));
    let n = held.iter().flatten().count();
    if n == 16 { XdpVerdict::Pass } else { XdpVerdict::Drop }
}

/// Whether a frame of several buffers was seen as such: its first part, its whole length, and
/// bytes of the last part.
#[rex_map]
static FRAGS: RexArray<u64> = RexArray::new(1, 0);

#[rex_xdp(frags)]
pub fn frags(ctx: &mut Xdp<'_>) -> XdpVerdict {
    if !ctx.has_frags() {
        return XdpVerdict::Pass;
    }
    let mut last = [0; 8];
    let end = ctx.len() as usize;
    pass((|| {
        when(ctx.data().len() < end)?;
        ctx.load(end as u32 - 8, &mut last).ok()?;
        FRAGS.atomic(0)?.fetch_add(1, core::sync::atomic::Ordering::Relaxed);
        Some(())
    })())
}
