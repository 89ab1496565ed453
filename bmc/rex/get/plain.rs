// SPDX-License-Identifier: GPL-2.0-only
//! The usual request in one pass: IPv4 without a tag and options, one key, `get KEY\r\n`.
//!
//! Everything is at an offset that the compiler knows, and read as words. All that the long way
//! ([`get::answer`](super::answer)) checks is checked here, too; what is not just such a request goes
//! there, with the frame as it came. A test compares the two ways on random frames.

use super::{put, several};
use crate::address;
use crate::meta::{self, Meta};
use crate::packet::Place;
use crate::proto;
use crate::room::Room;
use crate::stats::Stat;
use crate::store::{self, END, Found, Glance, KeyHash, MAX_TEXT, NotFound, VALUE};
use crate::sum::{self, Sum};
use core::sync::atomic::Ordering::{Relaxed, SeqCst};
use rex::bytes::shift_up;
use rex::prelude::*;

/// Where the key begins.
const KEY: usize = 54;
/// The text.
const TEXT: usize = KEY - GET.len();
const GET: &[u8; 4] = b"get ";
const CRLF: &[u8; 2] = b"\r\n";
/// What is in the IP packet besides the key: IP, UDP and frame header, the rest of the text.
const OTHERS: usize = 20 + 8 + 8 + GET.len() + CRLF.len();
/// Behind the request's number and that it is the first datagram: that there is one. Then `get `.
const ONE_GET: [u8; 8] = *b"\0\x01\0\0get ";
/// What the words of the request that are known add to its UDP checksum: those, and the protocol
/// in the pseudo header.
const KNOWN_SUM: u32 = (17 << 8) + 0x0100 + u32::from_le_bytes(*GET);

type Head = [u8; KEY];

macro_rules! word {
    ($name:ident, $word:ty) => {
        /// A word of the headers, as it is in memory.
        #[inline(always)]
        fn $name(head: &Head, at: usize) -> $word {
            let bytes = head.get(at..).and_then(|rest| rest.first_chunk());
            bytes.map_or(0, |bytes| <$word>::from_le_bytes(*bytes))
        }
    };
}
word!(u16_at, u16);
word!(u32_at, u32);
word!(u64_at, u64);

/// What a first look at a request says.
pub enum First {
    /// The key is not in the cache: a miss.
    Absent,
    /// [`answer`] decides.
    Perhaps(Hint),
    /// [`not_found`] decides.
    NotFound(NotFound),
    /// The long way decides.
    Other,
}

/// What the first look found out, for [`answer`].
#[derive(Clone, Copy)]
pub struct Hint {
    pub glance: Glance,
    pub key_len: u16,
    pub now: u32,
}

/// Looks whether the key can be in the cache, before anything is done that only a hit needs. Calls
/// nothing: so a miss saves no registers.
#[inline(always)]
pub fn look(frame: &[u8], meta: &Meta, now: u32) -> First {
    let Some(Request { head, key, last }) = request(frame) else { return First::Other };
    if !store::running(meta, now) {
        return First::Other;
    }
    let hash = proto::hash_with_last(meta.seed.load(Relaxed), key, last);
    match store::glance(KeyHash::of(hash)) {
        Ok(glance) => First::Perhaps(Hint { glance, key_len: key.len() as u16, now }),
        Err(NotFound::Absent)
            if proto::is_plain(key, last) && !is_from_nobody(head) && !is_to_nobody(head) =>
        {
            First::Absent
        }
        Err(why) => First::NotFound(why),
    }
}

/// What [`answer`](super::answer) returns, or `None`: nothing was changed, and the long way decides.
#[inline(never)]
pub fn not_found(ctx: &mut Xdp<'_>, why: NotFound) -> Option<Result<(), Stat>> {
    let Request { head, key, .. } = request(ctx.data())?;
    if is_from_nobody(head) || is_to_nobody(head) {
        return None;
    }
    if proto::no_blanks(key) {
        return Some(Err(why.stat()));
    }
    let place = Place::plain(usize::from(u16_at(head, 16).swap_bytes()));
    Some(several::answer(ctx, place))
}

/// As [`not_found`], of a key that may be in the cache.
#[inline(always)]
pub fn answer(ctx: &mut Xdp<'_>, hint: Hint) -> Option<Result<(), Stat>> {
    let Hint { glance, key_len, now } = hint;
    // As the first look saw it.
    let key_len = usize::from(key_len);
    let frame = ctx.data().get(..KEY + key_len + CRLF.len())?;
    let (head, text) = frame.split_first_chunk::<KEY>()?;
    let key = text.get(..key_len)?;
    let found = match glance.find(key, meta::get().epoch.load(SeqCst), now)? {
        Ok(found) => found,
        Err(why) => return not_found(ctx, why),
    };
    if VALUE.len() + found.len() + END.len() > MAX_TEXT || is_from_nobody(head) {
        return None;
    }
    if !is_right(head, key_len, found.key_sum()) {
        return (!is_to_nobody(head)).then_some(Err(Stat::PassChecksum));
    }
    if !address::is_first(u64_at(head, 0), u32_at(head, 30), now) && !is_ours(ctx, now)? {
        return Some(Err(Stat::PassAddress));
    }
    reply(ctx, &found, key_len)
}

/// A request in the usual form. There may be blanks in the key: then it is none, and not found.
struct Request<'a> {
    head: &'a Head,
    key: &'a [u8],
    /// The 8 bytes that end with the key.
    last: &'a [u8; 8],
}

#[inline(always)]
fn request(frame: &[u8]) -> Option<Request<'_>> {
    // Most of the frame's length is checked below, once.
    let [.., high, low] = *frame.first_chunk::<18>()?;
    let ip_len = u16::from_be_bytes([high, low]);
    let key_len = usize::from(ip_len).wrapping_sub(OTHERS);
    if key_len.wrapping_sub(1) >= proto::MAX_KEY {
        return None;
    }
    // That it is no more than this is plain to the compiler, too: hence no checks in what follows.
    let key_len = key_len & 0xff;
    let frame = frame.get(..KEY + key_len + CRLF.len())?;
    let head = frame.first_chunk::<KEY>()?;
    let end = frame.get(KEY - 8 + key_len..)?;
    // In one piece; all of it in the datagram, from a port that can be answered; one datagram. That
    // it is UDP was seen before.
    let good = u16_at(head, 20) & 0xff3f == 0
        && u16_at(head, 38) == (ip_len.wrapping_sub(20)).swap_bytes()
        && u16_at(head, 34) != 0
        && u16_at(head, 44) == 0
        && u64_at(head, 46) == u64::from_le_bytes(ONE_GET)
        && end.get(8..) == Some(CRLF);
    good.then_some(Request { head, key: frame.get(KEY..KEY + key_len)?, last: end.first_chunk()? })
}

/// Whether an address with that first byte is of a host: not of this one, nobody's, no group's.
static IS_HOST: [bool; 256] = {
    let mut is_host = [false; 256];
    let mut first = 1;
    while first < 224 {
        is_host[first] = first != 127;
        first += 1;
    }
    is_host
};

#[inline(always)]
fn is_host(first: u8) -> bool {
    IS_HOST[usize::from(first)]
}

/// Whether no host sends such a packet.
#[inline(always)]
fn is_from_nobody(head: &Head) -> bool {
    let from = u32_at(head, 26);
    !is_host(from as u8) || from == u32_at(head, 30)
}

/// Whether no host can be sent such a packet. What is known to be ours is none.
#[inline(always)]
fn is_to_nobody(head: &Head) -> bool {
    head[0] & 1 != 0 || !is_host(head[30])
}

/// Whether the checksums are right.
#[inline(always)]
fn is_right(head: &Head, key_len: usize, key_sum: u16) -> bool {
    let addresses = u64_at(head, 26);
    let crlf = sum::at(u16::from_le_bytes(*CRLF), key_len) as u32;
    // The length of the datagram is in the pseudo header, too. No overflow: GET is far from it.
    let of_known = KNOWN_SUM + crlf + u32::from(key_sum);
    let short = of_known + u32::from(u16_at(head, 38)) + u32::from(u16_at(head, 42));
    sum::is_right([addresses, u64_at(head, 14)], u32_at(head, 22))
        && (sum::is_right([addresses, u64_at(head, 34)], short) || is_partial(head))
}

/// Whether there is no UDP checksum, or that of the pseudo header only: from a socket of this
/// machine, over a virtual device.
#[inline(never)]
fn is_partial(head: &Head) -> bool {
    let (from, to) = (Sum::from(u32_at(head, 26)), Sum::from(u32_at(head, 30)));
    let pseudo = sum::fold(from + to + (17 << 8) + Sum::from(u16_at(head, 38)));
    let check = u16_at(head, 40);
    check == 0 || check == pseudo
}

/// Whether the request is for the server: at another address than most.
#[cold]
#[inline(never)]
fn is_ours(ctx: &Xdp<'_>, now: u32) -> Option<bool> {
    let head = ctx.data().first_chunk::<KEY>().filter(|head| !is_to_nobody(head))?;
    let len = usize::from(u16_at(head, 16).swap_bytes());
    Some(address::is_server(ctx, &Place::plain(len), meta::get(), now))
}

/// Makes the request the reply, if there is room behind it.
#[inline(always)]
fn reply(ctx: &mut Xdp<'_>, found: &Found, key_len: usize) -> Option<Result<(), Stat>> {
    // From KEY on: the last two bytes of `VALUE `, then the value's text.
    let end = 2 + found.len();
    let len = KEY + end + END.len();
    // No overflow: see answer().
    let more = len.checked_sub(ctx.data().len()).filter(|more| *more != 0)? as i32;
    ctx.adjust_tail(more).ok()?;
    let Some(frame) = ctx.data_mut().get_mut(..len) else {
        // It came behind fragments.
        let _ = ctx.adjust_tail(-more);
        return None;
    };
    if !write(frame, found, key_len, end) {
        Room::Tail(more).give_back(ctx, KEY + key_len + CRLF.len());
        return Some(Err(Stat::PassBusy));
    }
    Some(Ok(()))
}

/// Writes the reply. False, and only what is behind the key was changed, when the value is no longer there.
#[inline(always)]
fn write(frame: &mut [u8], found: &Found, key_len: usize, end: usize) -> bool {
    let Some((head, text)) = frame.split_first_chunk_mut::<KEY>() else { return false };
    let rest = text.get_mut(2 + key_len..end);
    if !rest.is_some_and(|rest| found.copy_to(key_len, rest)) {
        return false;
    }
    // Nothing fails from here on.
    let _ = shift_up(text, key_len, 2);
    put(text, end, END);
    let [start @ .., e, space] = *VALUE;
    put(text, 0, &[e, space]);
    put(head, TEXT, &start);
    headers(head, found);
    true
}

/// Makes the headers those of the reply, as [`turn_round`](crate::packet::turn_round) does.
#[inline(always)]
fn headers(head: &mut Head, found: &Found) {
    let text_len = VALUE.len() + found.len();
    let (to, from) = (u64_at(head, 0), u64_at(head, 6));
    let addresses = u64_at(head, 26);
    let (ports, request_id) = (u32_at(head, 34), u16_at(head, 42));
    // No overflow: at most MAX_TEXT.
    let udp_len = (text_len + END.len() + 16) as u16;
    let ip_len = Sum::from(udp_len.wrapping_add(20).swap_bytes());
    let udp_len = Sum::from(udp_len.swap_bytes());
    let id = Sum::from(request_id ^ ports as u16);
    let address_sum = (addresses & 0xffff_ffff) + (addresses >> 32);
    // Version 4 with 20 bytes; TTL 64 and UDP.
    let ip_check = !sum::fold(address_sum + 0x0045 + 0x1140 + ip_len + id);
    // The rest of the frame header says that there is one datagram.
    let frame_sum = Sum::from(request_id) + 0x0100;
    let ports = Sum::from(ports.rotate_left(16));
    let text = Sum::from(found.sum());
    // The length is in the pseudo header, too.
    let check = sum::finish(address_sum + (17 << 8) + 2 * udp_len + ports + frame_sum + text);
    put(head, 0, &from.to_le_bytes());
    put(head, 6, &(to & 0xffff_ffff_ffff | 0x0008 << 48).to_le_bytes());
    put(head, 14, &(0x0045 | ip_len << 16 | id << 32).to_le_bytes());
    put(head, 22, &(0x1140 | u32::from(ip_check) << 16).to_le_bytes());
    put(head, 26, &addresses.rotate_left(32).to_le_bytes());
    let check = Sum::from(u16::from_le_bytes(check));
    put(head, 34, &(ports | udp_len << 32 | check << 48).to_le_bytes());
}
