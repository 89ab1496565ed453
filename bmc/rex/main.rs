// SPDX-License-Identifier: GPL-2.0-only
//! The memcached accelerator.
//!
//! `ingress` (XDP) answers UDP GETs of one key from the cache, and invalidates the keys of SETs
//! that it sees in TCP segments. `egress` (tc) fills the cache from memcached's UDP replies. What
//! is not understood to the last byte is passed on untouched.
#![no_std]

mod cache;
mod packet;
#[path = "../proto/lib.rs"]
mod proto;
mod stats;

use cache::{Answer, Bucket};
use packet::{Kind, TEXT};
use rex::prelude::*;
use stats::{Stat, count};

/// memcached's port, on UDP and on TCP.
const PORT: u16 = 11211;

#[rex_xdp]
pub fn ingress(ctx: &mut Xdp<'_>) -> XdpVerdict {
    match packet::classify(ctx.data(), PORT) {
        Kind::ToUdp(text) => match proto::get_key(text) {
            Some(key) => {
                let (bucket, key_len) = (cache::bucket(key), key.len());
                match bucket {
                    Some(bucket) => get(ctx, bucket, key_len),
                    None => XdpVerdict::Pass,
                }
            }
            None => pass(Stat::PassForm),
        },
        Kind::ToTcp(segment) => {
            proto::set_keys(segment, |key| {
                cache::bucket(key).inspect(|bucket| bucket.invalidate());
                count(Stat::Invalidations);
            });
            XdpVerdict::Pass
        }
        Kind::FromUdp(_) | Kind::Other => XdpVerdict::Pass,
        Kind::Odd => pass(Stat::PassForm),
    }
}

/// Answers a GET whose key has `key_len` bytes from `bucket`, if it is there.
fn get(ctx: &mut Xdp<'_>, bucket: &Bucket, key_len: usize) -> XdpVerdict {
    let mut grown = 0;
    let answer = bucket.read(|entry| {
        let key = ctx.data().get(TEXT + 4..)?.get(..key_len)?;
        let text_len = entry.holds(key)?;
        // "get KEY\r\n" is as long as "VALUE KEY": the rest goes exactly behind the request.
        // Ethernet may have padded the frame.
        let frame_len = ctx.data().len();
        let more = (TEXT + text_len).checked_sub(frame_len)?;
        let more = i32::try_from(more).ok()?;
        if ctx.has_frags() || ctx.adjust_tail(more).is_err() {
            return Some(Answer::NoRoom);
        }
        grown = more;
        let to = ctx.data_mut().get_mut(TEXT + 6 + key_len..TEXT + text_len)?;
        entry.copy_rest(key_len, to).then_some(Answer::Copied(text_len))
    });
    match answer {
        Some(Some(Answer::Copied(text_len))) => {
            count(Stat::Hits);
            match packet::turn_round(ctx.data_mut(), key_len, text_len) {
                Some(()) => XdpVerdict::Tx,
                None => XdpVerdict::Pass,
            }
        }
        Some(Some(Answer::NoRoom)) => pass(Stat::PassRoom),
        // Not there.
        Some(None) if grown == 0 => pass(Stat::Misses),
        // Overwritten while it was read: only bytes behind the request were written.
        _ => match ctx.adjust_tail(-grown) {
            Ok(()) => pass(Stat::PassBusy),
            Err(_) => XdpVerdict::Pass,
        },
    }
}

fn pass(why: Stat) -> XdpVerdict {
    count(why);
    XdpVerdict::Pass
}

#[rex_tc]
pub fn egress(ctx: &mut Tc<'_>) -> TcVerdict {
    // Everything in one piece, or it is no reply that fits one frame.
    if ctx.data().len() < ctx.len() as usize && ctx.pull(ctx.len()).is_err() {
        return TcVerdict::Unspec;
    }
    if let Kind::FromUdp(text) = packet::classify(ctx.data(), PORT) {
        let filled = proto::value_reply(text)
            .and_then(|value| cache::bucket(value.key)?.fill(&value))
            .is_some();
        count(if filled { Stat::Fills } else { Stat::FillSkipped });
    }
    TcVerdict::Unspec
}
