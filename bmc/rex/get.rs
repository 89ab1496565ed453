// SPDX-License-Identifier: GPL-2.0-only
//! Answers to GETs.

use crate::address;
use crate::meta::{self, Meta};
use crate::packet::{Headers, Place, Version, turn_round};
use crate::proto;
use crate::room::Room;
use crate::stats::Stat;
use crate::store::{self, END, Found, MAX_TEXT, NotFound, VALUE};
use crate::sum::Sum;
use core::sync::atomic::Ordering::SeqCst;
use rex::prelude::*;

pub mod plain;
mod several;

/// What every way that IPv6 packets go takes: nobody here learns of a larger one.
const IPV6_MTU: usize = 1280;
/// IPv6, UDP and frame header.
const IPV6_HEADERS: usize = 40 + 8 + 8;

/// Makes the request at `place` into its reply. Otherwise the frame is as it was, and the error is
/// what to count.
#[inline(always)]
pub fn answer(ctx: &mut Xdp<'_>, place: Place) -> Result<(), Stat> {
    let text = ctx.data().get(place.text()..place.end).ok_or(Stat::PassForm)?;
    let Some(key) = proto::get_key(text) else { return several::answer(ctx, place) };
    let question = Question::new()?;
    let (key_len, found) = (key.len(), question.find(key)?);
    let reply_len = VALUE.len() + found.len() + END.len();
    let headers = question.check(ctx, place, reply_len)?;
    let room = Room::up_to(ctx, place.text() + reply_len)?;

    // "get KEY\r\n" is as long as "VALUE KEY": the rest goes exactly behind the request.
    let behind = VALUE.len() + key_len;
    let end = VALUE.len() + found.len();
    let rest = place.text() + behind..place.text() + end;
    let whole = match ctx.data_mut().get_mut(rest) {
        Some(rest) => found.copy_to(key_len, rest),
        None => false,
    };
    if !whole {
        room.give_back(ctx, place.end);
        return Err(Stat::PassBusy);
    }
    // Nothing fails from here on.
    if let Some(text) = ctx.data_mut().get_mut(place.text()..place.text() + reply_len) {
        if let Some(line) = text.get_mut(..behind) {
            line.copy_within(b"get ".len()..b"get ".len() + key_len, VALUE.len());
        }
        put(text, 0, VALUE);
        put(text, end, END);
    }
    send(ctx, headers, reply_len, found.sum().into());
    Ok(())
}

/// Writes `bytes` at `at`, where there is room.
#[inline(always)]
pub fn put<const N: usize>(text: &mut [u8], at: usize, bytes: &[u8; N]) {
    if let Some(to) = text.get_mut(at..).and_then(|text| text.first_chunk_mut::<N>()) {
        *to = *bytes;
    }
}

/// A GET of the right form.
pub struct Question {
    meta: &'static Meta,
    epoch: u32,
    now: u32,
}

impl Question {
    #[inline(always)]
    pub fn new() -> Result<Self, Stat> {
        let (meta, now) = (meta::get(), meta::now());
        if !store::running(meta, now) {
            return Err(Stat::PassOff);
        }
        Ok(Self { meta, epoch: meta.epoch.load(SeqCst), now })
    }

    #[inline(always)]
    pub fn find(&self, key: &[u8]) -> Result<Found, Stat> {
        let hash = store::hash_with(self.meta, key);
        store::find(hash, key, self.epoch, self.now).map_err(NotFound::stat)
    }

    /// Whether this request may be answered with so many bytes of text, now that it could be.
    #[inline(always)]
    pub fn check(&self, ctx: &Xdp<'_>, place: Place, reply_len: usize) -> Result<Headers, Stat> {
        let longest = match place.version {
            Version::V4 => MAX_TEXT,
            Version::V6 => IPV6_MTU - IPV6_HEADERS,
        };
        if reply_len > longest {
            return Err(Stat::PassRoom);
        }
        let addresses = place.verify(ctx.data()).ok_or(Stat::PassChecksum)?;
        if !address::is_server(ctx, &place, self.meta, self.now) {
            return Err(Stat::PassAddress);
        }
        Ok(Headers { place, addresses })
    }
}

/// The text of the reply is there: makes its headers, and cuts off what is behind it.
#[inline(always)]
pub fn send(ctx: &mut Xdp<'_>, mut headers: Headers, reply_len: usize, sum: Sum) {
    if headers.options() != 0 {
        headers = without_options(ctx, headers);
    }
    turn_round(ctx.data_mut(), &headers, reply_len, sum);
    let behind = ctx.data().len().saturating_sub(headers.place.text() + reply_len);
    if behind != 0 {
        // Padding that was there before. If it stays, it does no harm.
        let _ = ctx.adjust_tail(0i32.saturating_sub_unsigned(behind as u32));
    }
}

/// Takes the options out of the IP header: the rest of the headers moves up to them.
#[inline(never)]
fn without_options(ctx: &mut Xdp<'_>, mut headers: Headers) -> Headers {
    let options = headers.options();
    let start = headers.place.udp - options;
    if let Some(head) = ctx.data_mut().get_mut(..headers.place.udp) {
        head.copy_within(..start, options);
    }
    // It only gets shorter, and has more than an Ethernet header left: this does not fail.
    if ctx.adjust_head(options as i32).is_ok() {
        headers.place.udp -= options;
        headers.place.end -= options;
    }
    headers
}
