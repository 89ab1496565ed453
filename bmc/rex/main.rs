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
use get::plain::{self, First, Hint};
use meta::Meta;
use packet::{Kind, Look};
use rex::prelude::*;
use stats::{Stat, count};
use store::{Glance, NotFound, Set};

/// The server's UDP port: what goes elsewhere is not looked at.
#[rex_map]
static BMC_PORT: RexArray<[u16; 1]> = RexArray::new(1, 0);

#[rex_xdp(frags, filter = udp(in BMC_PORT))]
pub fn ingress(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let meta = meta::get();
    let port = meta.udp_port.load(Relaxed) as u16;
    match packet::look(ctx.data(), port, meta) {
        Look::Nothing => XdpVerdict::Pass,
        Look::Plain => match meta::now_in_tick() {
            Some(now) => usual(ctx, meta, now),
            None => in_new_tick(ctx, meta),
        },
        Look::Other => other(ctx, port),
    }
}

/// Everything is where it mostly is.
#[inline(always)]
fn usual(ctx: &mut Xdp<'_>, meta: &'static Meta, now: u32) -> XdpVerdict {
    match plain::look(ctx.data(), meta, now) {
        // By itself, so that its counter is at an offset that the compiler knows.
        First::Absent => verdict(Err(Stat::Misses)),
        First::Perhaps(Hint { glance: Glance { set, count, slot }, key_len, now }) => {
            perhaps(ctx, set, count, slot, key_len, now)
        }
        First::NotFound(why) => not_found(ctx, why),
        First::Other => plain_long(ctx),
    }
}

/// The first one in a tick of the kernel.
#[cold]
#[inline(never)]
fn in_new_tick(ctx: &mut Xdp<'_>, meta: &'static Meta) -> XdpVerdict {
    usual(ctx, meta, meta::now())
}

/// With the parts of a [`Hint`] in registers.
#[inline(never)]
fn perhaps(
    ctx: &mut Xdp<'_>,
    set: &'static Set,
    count: u32,
    slot: u16,
    key_len: u16,
    now: u32,
) -> XdpVerdict {
    let glance = Glance { set, count, slot };
    match plain::answer(ctx, Hint { glance, key_len, now }) {
        Some(Ok(())) => verdict(Ok(())),
        Some(Err(why)) => pass(why),
        None => plain_long(ctx),
    }
}

#[inline(never)]
fn not_found(ctx: &mut Xdp<'_>, why: NotFound) -> XdpVerdict {
    match plain::not_found(ctx, why) {
        Some(result) => verdict(result),
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
