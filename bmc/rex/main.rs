// SPDX-License-Identifier: GPL-2.0-only
//! The memcached accelerator.
//!
//! `ingress` (XDP) answers UDP GETs of one key from the cache, and invalidates the keys of SETs
//! that it sees in TCP segments. `egress` (tc) fills the cache from memcached's UDP replies. What
//! is not understood to the last byte is passed on untouched.
#![cfg_attr(not(test), no_std)]

#[allow(dead_code)] // until the entries that track the server call it
mod address;
mod cache;
#[allow(dead_code)] // the programs that use it come next
mod meta;
mod packet;
#[path = "../proto/lib.rs"]
mod proto;
mod room;
#[allow(dead_code)]
mod stats;
#[allow(dead_code)]
mod store;
#[cfg(test)]
mod tests;

use cache::{Answer, Bucket};
use packet::{Kind, TEXT};
use rex::prelude::*;
use room::Room;
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
                count(Stat::InvalSet);
            });
            XdpVerdict::Pass
        }
        Kind::FromUdp(_) | Kind::Other => XdpVerdict::Pass,
        Kind::Odd => pass(Stat::PassForm),
    }
}

/// Answers a GET whose key has `key_len` bytes from `bucket`, if it is there.
fn get(ctx: &mut Xdp<'_>, bucket: &Bucket, key_len: usize) -> XdpVerdict {
    let mut room = None;
    let answer = bucket.read(|entry| {
        let key = ctx.data().get(TEXT + 4..)?.get(..key_len)?;
        let text_len = entry.holds(key)?;
        // Ethernet may have padded the frame.
        let more = (TEXT + text_len).checked_sub(ctx.data().len())?;
        room = Room::make(ctx, more);
        if room.is_none() {
            return Some(Answer::NoRoom);
        }
        // "get KEY\r\n" is as long as "VALUE KEY": the rest goes exactly behind the request.
        let to = ctx.data_mut().get_mut(TEXT + 6 + key_len..TEXT + text_len)?;
        entry.copy_rest(key_len, to).then_some(Answer::Copied(text_len))
    });
    match (answer, room) {
        (Some(Some(Answer::Copied(text_len))), _) => {
            match packet::turn_round(ctx.data_mut(), key_len, text_len) {
                Some(()) => {
                    count(Stat::Hits);
                    XdpVerdict::Tx
                }
                None => XdpVerdict::Pass,
            }
        }
        (Some(Some(Answer::NoRoom)), _) => pass(Stat::PassRoom),
        (Some(None), None) => pass(Stat::Misses),
        // Overwritten while it was read: only bytes behind the request were written.
        (_, room) => {
            if let Some(room) = room {
                room.give_back(ctx);
            }
            pass(Stat::PassBusy)
        }
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
        let filled = proto::value_reply(text).and_then(|value| cache::fill(&value)).is_some();
        count(if filled { Stat::Fills } else { Stat::RefusedForm });
    }
    TcVerdict::Unspec
}
