// SPDX-License-Identifier: GPL-2.0-only
//! Says what rex::sock finds at the reads, writes and closes of the process sockets
//! (drivers/sockets.c), in the words in which that process says what is true (rex-sock.t).
#![no_std]
use core::fmt::{self, Display, Formatter};
use rex::net::{Eth, Ipv4, Udp};
use rex::prelude::*;
use rex::probe;
use rex::sock::{self, Message, MessageKind, SockAddr};
use rex::socket::SocketTuple;
use rex::{program, task};

/// Whose datagram came last over IPv4: what a look-up says.
#[rex_map]
static LOOKED_UP: RexArray<u64> = RexArray::new(1, 0);

fn is_ours() -> bool {
    task::current().comm() == "sockets"
}

/// Both ends of a socket.
struct Who(SockAddr);

impl Display for Who {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some(ident) = self.0.ident() else { return f.write_str("nobody") };
        write!(f, "{} {} {}", ident.family, ident.protocol, ident.state)?;
        write!(f, " {} {}", ident.local_port, ident.remote_port)?;
        let Some(addresses) = self.0.addresses() else { return f.write_str(" nowhere") };
        for address in [addresses.local, addresses.remote] {
            f.write_str(" ")?;
            for byte in address {
                write!(f, "{byte:02x}")?;
            }
        }
        write!(f, " {}", addresses.netns)
    }
}

fn kind(message: &Message) -> &'static str {
    match message.kind() {
        MessageKind::Ubuf => "ubuf",
        MessageKind::Iovec => "iovec",
        MessageKind::Other => "other",
    }
}

/// What was read: the first bytes.
struct Text(Option<probe::UserAddr>, usize);

impl Display for Text {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; 16];
        let len = self.1.min(bytes.len());
        match self.0 {
            Some(from) if probe::read_user_bytes(from, &mut bytes[..len]).is_ok() => {
                f.write_str(core::str::from_utf8(&bytes[..len]).unwrap_or("?"))
            }
            _ => f.write_str("-"),
        }
    }
}

fn read(ctx: &Fexit<'_>) -> Option<()> {
    let &[sk, message, ..] = ctx.args() else { return None };
    let (sk, message) = (SockAddr(sk), Message::at(message)?);
    let ret = ctx.ret() as i32;
    let len = usize::try_from(ret).unwrap_or(0);
    let text = Text(message.received(len), len);
    let position = sk.tcp_position();
    trace_printk!(
        "sock: read {} ret={ret} asked={} kind={} name={} text={text} read={} seq={} found={}",
        Who(sk),
        message.asked(len),
        kind(&message),
        message.has_name(),
        position.map_or(0, |p| p.app_read),
        position.map_or(0, |p| p.copied_seq),
        LOOKED_UP.get(0) == Some(sk.0)
    );
    Some(())
}

/// tcp_recvmsg, udp_recvmsg, udpv6_recvmsg.
#[rex_fexit]
pub fn reads(ctx: &Fexit<'_>) -> rex::Result {
    if is_ours() {
        read(ctx);
    }
    Ok(0)
}

/// The ranges that a write is made of.
struct Segments(Message);

impl Display for Segments {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut n = 0;
        while let Some((address, len)) = self.0.segment(n) {
            write!(f, " {:#x}+{len}", address.0)?;
            n += 1;
        }
        Ok(())
    }
}

/// tcp_sendmsg, udp_sendmsg, udpv6_sendmsg.
#[rex_fentry]
pub fn writes(ctx: &Fentry<'_>) -> rex::Result {
    let &[sk, message, ..] = ctx.args() else { return Ok(0) };
    if is_ours()
        && let Some(message) = Message::at(message)
    {
        trace_printk!(
            "sock: write {} len={} kind={} name={} segments={}{}",
            Who(SockAddr(sk)),
            message.count(),
            kind(&message),
            message.has_name(),
            message.segments(),
            Segments(message)
        );
    }
    Ok(0)
}

/// inet_release.
#[rex_fentry]
pub fn closes(ctx: &Fentry<'_>) -> rex::Result {
    if is_ours()
        && let Some(sk) = ctx.arg(0).and_then(sock::of_socket)
    {
        trace_printk!("sock: close {}", Who(sk));
    }
    Ok(0)
}

/// Nothing is there, or nothing that can be read: in the user's half, in no half at all, in
/// holes of the kernel's half, in the page that looks like memory and is emulated.
const BAD: [u64; 20] = [
    0,
    1,
    8,
    0x1000,
    0x7fff_ffff_f000,
    0x7fff_ffff_ffff,
    0x8000_0000_0000,
    0x0123_4567_89ab_cdef,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    0xffff_7fff_ffff_ffff,
    0xffff_8000_0000_0000,
    0xffff_87ff_ffff_f000,
    0xffff_ffff_7fff_fff8,
    0xffff_ffff_feff_ffff,
    0xffff_ffff_ff00_0000,
    0xffff_ffff_ff60_0000,
    u64::MAX - 0xfff,
    u64::MAX - 7,
    u64::MAX,
];

fn is_refused(address: u64) -> bool {
    let sk = SockAddr(address);
    sock::of_socket(address).is_none()
        && sk.ident().is_none()
        && sk.addresses().is_none()
        && sk.tcp_position().is_none()
        && Message::at(address).is_none()
}

/// __x64_sys_umask: its argument is a number that is looked at as a pointer, too.
#[rex_fentry]
pub fn bad(ctx: &Fentry<'_>) -> rex::Result {
    if !is_ours() {
        return Ok(0);
    }
    let mut refused = 0;
    for address in BAD {
        if is_refused(address) {
            refused += 1;
        } else {
            trace_printk!("sock: {address:#x} is not refused");
        }
    }
    // There is memory around the registers, and nothing in it is a socket. Whatever comes out.
    let regs = ctx.arg(0).unwrap_or(0);
    for offset in (0..4096).step_by(8) {
        is_refused(regs.wrapping_sub(2048).wrapping_add(offset));
    }
    trace_printk!("sock: bad {refused} of {} generation {}", BAD.len(), program::generation());
    Ok(0)
}

fn tuple(frame: &[u8]) -> Option<SocketTuple> {
    let (_, rest) = Eth::parse(frame)?;
    let (ip, _, rest) = Ipv4::parse(rest)?;
    let (udp, _) = Udp::parse(rest)?;
    (ip.protocol() == 17).then(|| SocketTuple::v4(ip.source(), udp.source(), ip.dest(), udp.dest()))
}

/// At lo: whose datagram it is.
#[rex_xdp]
pub fn lookup(ctx: &mut Xdp<'_>) -> XdpVerdict {
    if let Some(tuple) = tuple(ctx.data())
        && let Some(socket) = ctx.sk_lookup_udp(&tuple)
    {
        LOOKED_UP.set(0, socket.id());
    }
    XdpVerdict::Pass
}
