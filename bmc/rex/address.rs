// SPDX-License-Identifier: GPL-2.0-only
//! Which addresses are the server's?
//!
//! One whose datagrams the kernel would give to a socket that the server reads from, that is one of
//! this machine, on a frame to the device that it came in by. The kernel is asked about an address
//! once in a second; in between, a table knows.

use crate::meta::Meta;
use crate::packet::{Address, Place, Version};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::sync::atomic::{
    AtomicU32, AtomicU64, AtomicUsize,
    Ordering::{Acquire, Relaxed, SeqCst},
    fence,
};
use rex::prelude::*;
use rex::socket::SocketTuple;

/// How long an answer holds, in coarse time: at most a second.
const LIFE: u32 = 7;
/// How many addresses that are not in the table are looked up in a unit of coarse time: whoever sends
/// to very many makes no packet slow but these.
const STRANGERS: u32 = 8;

/// The sockets that the server reads from (addresses of their `struct sock`); 0: none.
static SOCKETS: [AtomicU64; 16] = [const { AtomicU64::new(0) }; 16];
static NEXT_SOCKET: AtomicUsize = AtomicUsize::new(0);
/// Of SOCKETS: what was found out with others is worth nothing.
static GENERATION: AtomicU32 = AtomicU32::new(0);

static KNOWN: [Known; 16] = [const { Known::new() }; 16];
/// The one of them that was asked about last and is ours, if it is an IPv4 address without VLAN.
static FIRST: First = First::new();
/// Who writes to KNOWN and FIRST has it.
static WRITER: SpinLock<u32> = SpinLock::new(0);

/// The time, and how many strangers were looked up in it.
static LOOKED_UP: AtomicU64 = AtomicU64::new(0);

/// One address.
struct Known {
    seq: SeqCount,
    generation: AtomicU32,
    until: AtomicU32,
    ours: AtomicU32,
    high: AtomicU64,
    low: AtomicU64,
    mac: AtomicU64,
}

/// An address of the server's, with the words as they are in a frame.
struct First {
    /// The MAC address in the lowest 48 bits; above, a number that changes with every write.
    mac: AtomicU64,
    generation: AtomicU32,
    /// The address in the lower half; in the upper one, until when it holds.
    to: AtomicU64,
}

/// What is looked up: where a frame goes to.
#[derive(Clone, Copy)]
struct Target {
    address: Address,
    /// And, in the lowest 16 bits, the VLAN; 0: none.
    mac: u64,
}

/// The server uses the UDP socket at `sock` (the address of its `struct sock`).
pub fn server_socket(sock: u64) {
    if SOCKETS.iter().any(|socket| socket.load(Relaxed) == sock) {
        return;
    }
    let next = NEXT_SOCKET.fetch_add(1, Relaxed) % SOCKETS.len();
    if let Some(socket) = SOCKETS.get(next) {
        socket.store(sock, SeqCst);
    }
    GENERATION.fetch_add(1, SeqCst);
}

/// There is no server any more, or another one.
pub fn forget_sockets() {
    SOCKETS.iter().for_each(|socket| socket.store(0, SeqCst));
    GENERATION.fetch_add(1, SeqCst);
    LOOKED_UP.store(0, Relaxed);
}

/// What is known of an address.
#[derive(Clone, Copy)]
struct Verdict {
    ours: bool,
    until: u32,
}

/// Whether a plain frame with that first word is for [`FIRST`].
#[inline(always)]
pub fn is_first(word: u64, to: u32, now: u32) -> bool {
    FIRST.is(word, to, now)
}

/// Whether the request is for the server.
#[inline(always)]
pub fn is_server(ctx: &Xdp<'_>, place: &Place, meta: &Meta, now: u32) -> bool {
    let target = Target::of(ctx.data(), place);
    // Mostly it is the first.
    match KNOWN[0].verdict(&target) {
        Some(Verdict { ours, until }) if now < until => ours,
        _ => is_server_here(ctx, place, meta, now),
    }
}

#[inline(never)]
fn is_server_here(ctx: &Xdp<'_>, place: &Place, meta: &Meta, now: u32) -> bool {
    let target = Target::of(ctx.data(), place);
    let known = KNOWN.iter().find_map(|known| known.verdict(&target));
    match known {
        Some(Verdict { ours, until }) if now < until => ours,
        Some(old) if old.ours => ask(ctx, place, meta, now, Some(old)),
        _ => is_stranger_due(now) && ask(ctx, place, meta, now, None),
    }
}

/// Whether an address that is not known to be ours may be looked up now.
fn is_stranger_due(now: u32) -> bool {
    let last = LOOKED_UP.load(Relaxed);
    let so_far = if (last >> 32) as u32 == now { last as u32 } else { 0 };
    // Two CPUs at once may count for one.
    LOOKED_UP.store(u64::from(now) << 32 | u64::from(so_far + 1), Relaxed);
    so_far < STRANGERS
}

/// Asks the kernel, and notes the answer.
#[cold]
#[inline(never)]
fn ask(ctx: &Xdp<'_>, place: &Place, meta: &Meta, now: u32, old: Option<Verdict>) -> bool {
    let target = Target::of(ctx.data(), place);
    let Some(_alone) = WRITER.try_lock() else {
        // Another CPU asks the same, most likely.
        return old.is_some_and(|old| now - old.until < LIFE);
    };
    // Before the sockets are looked at.
    let generation = GENERATION.load(SeqCst);
    let ours = is_servers_socket(ctx, place, meta)
        && ctx.local(target.address.ip()) == Some(target.mac as u16)
        && ctx.mac() == target.mac_bytes();
    let is_it = |known: &&Known| known.is(&target);
    let is_free = |known: &&Known| {
        known.ours.load(Relaxed) == 0 || known.generation.load(Relaxed) != generation
    };
    // Only what is ours drives out what is: that which nobody has asked about for longest.
    let oldest = || KNOWN.iter().filter(|_| ours).min_by_key(|known| known.until.load(Relaxed));
    let free = || KNOWN.iter().find(is_free).or_else(oldest);
    if let Some(known) = KNOWN.iter().find(is_it).or_else(free) {
        let until = now.saturating_add(LIFE);
        known.write(&target, generation, Verdict { ours, until });
        if ours && place.is_plain() {
            FIRST.write(&target, generation, until);
        }
    }
    ours
}

/// Whether the kernel would give the request to a socket that the server reads from.
fn is_servers_socket(ctx: &Xdp<'_>, place: &Place, meta: &Meta) -> bool {
    let (client, client_port) = place.client(ctx.data());
    let server = place.server(ctx.data());
    let port = meta.udp_port.load(Relaxed) as u16;
    let tuple = match place.version {
        Version::V4 => SocketTuple::v4(client.low as u32, client_port, server.low as u32, port),
        Version::V6 => SocketTuple::v6(client.bits(), client_port, server.bits(), port),
    };
    ctx.sk_lookup_udp(&tuple).is_some_and(|socket| {
        let id = socket.id();
        SOCKETS.iter().any(|known| known.load(SeqCst) == id)
    })
}

impl Target {
    #[inline(always)]
    fn of(frame: &[u8], place: &Place) -> Self {
        let first = frame.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        Self { address: place.server(frame), mac: first & !0xffff | u64::from(place.vlan(frame)) }
    }

    fn mac_bytes(&self) -> [u8; 6] {
        let [mac @ .., _, _] = self.mac.to_be_bytes();
        mac
    }
}

impl Address {
    fn bits(&self) -> u128 {
        u128::from(self.high) << 64 | u128::from(self.low)
    }

    fn ip(&self) -> IpAddr {
        match self.high {
            u64::MAX => IpAddr::V4(Ipv4Addr::from_bits(self.low as u32)),
            _ => IpAddr::V6(Ipv6Addr::from_bits(self.bits())),
        }
    }
}

impl First {
    const fn new() -> Self {
        Self { mac: AtomicU64::new(0), generation: AtomicU32::new(0), to: AtomicU64::new(0) }
    }

    /// Whoever finds what a write put into `to` finds the rest of it as well, unless there was
    /// another write, which changes `mac` first.
    #[inline(always)]
    fn is(&self, word: u64, to: u32, now: u32) -> bool {
        let mac = self.mac.load(Acquire);
        if (mac ^ word) << 16 != 0 {
            return false;
        }
        let known = self.to.load(Acquire);
        known as u32 == to
            && now < (known >> 32) as u32
            && self.generation.load(Acquire) == GENERATION.load(Relaxed)
            && self.mac.load(Relaxed) == mac
    }

    /// Only with the lock. Whoever is cut off in here leaves nothing that holds.
    fn write(&self, target: &Target, generation: u32, until: u32) {
        self.to.store(0, SeqCst);
        let number = (self.mac.load(Relaxed) >> 48).wrapping_add(1) << 48;
        self.mac.store(number | target.mac.swap_bytes() & ((1 << 48) - 1), SeqCst);
        self.generation.store(generation, SeqCst);
        let to = (target.address.low as u32).swap_bytes();
        self.to.store(u64::from(until) << 32 | u64::from(to), SeqCst);
    }
}

impl Known {
    const fn new() -> Self {
        Self {
            seq: SeqCount::new(),
            generation: AtomicU32::new(0),
            until: AtomicU32::new(0),
            ours: AtomicU32::new(0),
            high: AtomicU64::new(0),
            low: AtomicU64::new(0),
            mac: AtomicU64::new(0),
        }
    }

    #[inline(always)]
    fn is(&self, target: &Target) -> bool {
        self.low.load(Relaxed) == target.address.low
            && self.high.load(Relaxed) == target.address.high
            && self.mac.load(Relaxed) == target.mac
    }

    /// What is known of that address, if it is the one.
    #[inline(always)]
    fn verdict(&self, target: &Target) -> Option<Verdict> {
        // Most are not: without looking twice.
        if self.low.load(Relaxed) != target.address.low {
            return None;
        }
        let count = self.seq.count();
        let good = self.is(target) && self.generation.load(Relaxed) == GENERATION.load(Relaxed);
        let ours = self.ours.load(Relaxed) != 0;
        let until = self.until.load(Relaxed);
        fence(Acquire);
        (good && count & 1 == 0 && self.seq.count() == count).then_some(Verdict { ours, until })
    }

    /// Only with the lock.
    fn write(&self, target: &Target, generation: u32, verdict: Verdict) {
        if self.seq.count() & 1 != 0 {
            // Its writer was cut off: nothing that it left is believed.
            self.until.store(0, Relaxed);
            self.ours.store(0, Relaxed);
            self.seq.reset();
        }
        self.seq.write(|| {
            self.generation.store(generation, Relaxed);
            self.until.store(verdict.until, Relaxed);
            self.ours.store(verdict.ours.into(), Relaxed);
            self.high.store(target.address.high, Relaxed);
            self.low.store(target.address.low, Relaxed);
            self.mac.store(target.mac, Relaxed);
        });
    }
}
