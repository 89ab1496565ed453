// SPDX-License-Identifier: GPL-2.0-only
//! Asks for what the kernel cannot give at the moment, or must not (kmod-guards.t).
#![no_std]
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use rex::prelude::*;
use rex::probe::{self, KernelAddr, UserAddr};
use rex::sock::SockAddr;
use rex::task;

#[rex_map]
static PARAM: RexArray<u64> = RexArray::new(2, 0);
/// Where the process "victim" has its secret.
const SECRET: u32 = 0;
/// A text in the kernel.
const BANNER: u32 = 1;

#[rex_map]
static SEEN: RexArray<u64> = RexArray::new(16, 0);
const LOCAL_V4: u32 = 0;
const LOCAL_V6: u32 = 1;
const LEFT: u32 = 2;
const LEAKED: u32 = 3;
const KERNEL: u32 = 4;
const KERNEL_BYTES: u32 = 5;
const KERNEL_STR: u32 = 6;
const RAW_SENT: u32 = 7;
const RAW_POSITIONS: u32 = 8;

fn see(at: u32, value: u64) {
    let _ = SEEN.set(at, value);
}

fn count(at: u32) {
    see(at, SEEN.get(at).unwrap_or(0) + 1);
}

fn error<T>(result: Result<T, Errno>) -> u64 {
    result.err().map_or(0, |e| e.get() as u64)
}

/// Addresses of the machine's own: of this host, of a link, of everybody.
#[rex_xdp]
pub fn local(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let v6 = [
        Ipv6Addr::LOCALHOST,
        Ipv6Addr::UNSPECIFIED,
        Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1),
        Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1),
        Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1),
        Ipv4Addr::LOCALHOST.to_ipv6_mapped(),
    ];
    if ctx.local(IpAddr::V4(Ipv4Addr::LOCALHOST)).is_some() {
        count(LOCAL_V4);
    }
    for address in v6 {
        if ctx.local(IpAddr::V6(address)).is_some() {
            count(LOCAL_V6);
        }
    }
    XdpVerdict::Pass
}

/// Late in the exit of the process "leaver", which has no memory any more.
#[rex_kprobe]
pub fn leave(_obj: &Kprobe, _ctx: &mut PtRegs) -> rex::Result {
    if !task::current().comm().as_bytes().starts_with(b"leaver") {
        return Ok(0);
    }
    let at = UserAddr(PARAM.get(SECRET).unwrap_or(0));
    let (mut short, mut long, mut text) = ([0; 128], [0; 136], [0; 8]);
    count(LEFT);
    if probe::read_user::<u64>(at).is_ok()
        || probe::read_user_bytes(at, &mut short).is_ok()
        || probe::read_user_bytes(at, &mut long).is_ok()
        || probe::read_user_str(at, &mut text).is_ok()
    {
        count(LEAKED);
    }
    Ok(0)
}

/// What is there of the kernel's text.
#[rex_kprobe]
pub fn kernel(_obj: &Kprobe, _ctx: &mut PtRegs) -> rex::Result {
    let at = KernelAddr(PARAM.get(BANNER).unwrap_or(0));
    let (mut bytes, mut text) = ([0xff; 16], [0xff; 16]);
    see(KERNEL, error(probe::read_kernel::<u64>(at)));
    see(KERNEL_STR, error(probe::read_kernel_str(at, &mut text)));
    let _ = probe::read_kernel_bytes(at, &mut bytes);
    see(KERNEL_BYTES, bytes.iter().filter(|byte| **byte != 0).count() as u64);
    Ok(0)
}

/// raw_sendmsg(sk, ...): TCP is the socket's protocol, and it is no TCP socket.
#[rex_fentry]
pub fn raw(ctx: &Fentry<'_>) -> rex::Result {
    if let Some(sk) = ctx.arg(0) {
        count(RAW_SENT);
        if SockAddr(sk).tcp_position().is_some() {
            count(RAW_POSITIONS);
        }
    }
    Ok(0)
}
