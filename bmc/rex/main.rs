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
mod several;
mod stats;
mod store;
mod sum;
#[cfg(test)]
mod tests;
mod track;

use core::sync::atomic::Ordering::Relaxed;
use packet::Kind;
use rex::prelude::*;
use stats::{Stat, add, count};

#[rex_xdp(frags)]
pub fn ingress(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let port = meta::get().udp_port.load(Relaxed) as u16;
    let why = match packet::classify(ctx.data(), port) {
        Kind::Other => return XdpVerdict::Pass,
        Kind::Odd(why) => why,
        Kind::Request(place) => match get::answer(ctx, place) {
            Ok(keys) => {
                count(Stat::Hits);
                add(Stat::HitKeys, keys);
                return XdpVerdict::Tx;
            }
            Err(why) => why,
        },
    };
    count(why);
    XdpVerdict::Pass
}
