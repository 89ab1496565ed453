// SPDX-License-Identifier: GPL-2.0-only
//! The memcached accelerator.
//!
//! `ingress` (XDP) answers UDP GETs from a cache. What is not understood to the last byte is passed
//! on untouched. The other entries follow what memcached reads and writes in its system calls: that
//! fills the cache, and takes out of it what may have changed.
#![cfg_attr(not(test), no_std)]

mod address;
mod get;
mod meta;
mod packet;
#[path = "../proto/lib.rs"]
mod proto;
mod room;
mod stats;
mod store;
mod stream;
mod sum;
#[cfg(test)]
mod tests;
mod track;

use core::sync::atomic::Ordering::Relaxed;
use meta::Meta;
use packet::{Kind, Look};
use rex::prelude::*;
use stats::{Stat, count};

/// The server's UDP port: what goes elsewhere is not looked at.
#[rex_map]
static BMC_PORT: RexArray<[u16; 1]> = RexArray::new(1, 0);

#[rex_xdp(frags, filter = udp(in BMC_PORT))]
pub fn ingress(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let meta = meta::get();
    let port = meta.udp_port.load(Relaxed) as u16;
    match packet::look(ctx.data(), port, meta) {
        Look::Nothing => XdpVerdict::Pass,
        Look::Plain => plain(ctx, meta),
        Look::Other => other(ctx, port),
    }
}

/// Where everything is where it mostly is.
#[inline(never)]
fn plain(ctx: &mut Xdp<'_>, meta: &'static Meta) -> XdpVerdict {
    match get::plain::answer(ctx, meta) {
        Some(Ok(())) => verdict(Ok(())),
        // By itself, so that its counter is at an offset that the compiler knows.
        Some(Err(Stat::Misses)) => verdict(Err(Stat::Misses)),
        Some(Err(why)) => pass(why),
        None => plain_long(ctx),
    }
}

#[inline(never)]
fn pass(why: Stat) -> XdpVerdict {
    verdict(Err(why))
}

/// The headers are where they mostly are: the compiler knows the offsets.
#[inline(never)]
fn plain_long(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let result = match packet::plain(ctx.data()) {
        Ok(place) => get::answer(ctx, place),
        Err(why) => Err(why),
    };
    verdict(result)
}

#[inline(never)]
fn other(ctx: &mut Xdp<'_>, port: u16) -> XdpVerdict {
    verdict(match packet::classify(ctx.data(), port) {
        Kind::Request(place) => get::answer(ctx, place),
        Kind::Odd(why) => Err(why),
        Kind::Other => return XdpVerdict::Pass,
    })
}

#[inline(always)]
fn verdict(result: Result<(), Stat>) -> XdpVerdict {
    match result {
        Ok(()) => {
            count(Stat::Hits);
            XdpVerdict::Tx
        }
        Err(why) => {
            count(why);
            XdpVerdict::Pass
        }
    }
}
