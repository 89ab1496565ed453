// SPDX-License-Identifier: GPL-2.0-only
//! rex.ko in a test process, so that programs can be tested on the host (`--cfg rex_mock`).
//!
//! ```
//! use rex::mock::{Packet, Session};
//! use rex::prelude::*;
//!
//! #[rex_map]
//! static SEEN: RexPerCpuArray<u64> = RexPerCpuArray::new(1, 0);
//!
//! #[rex_xdp]
//! pub fn echo(ctx: &mut Xdp<'_>) -> XdpVerdict {
//!     SEEN.add(0, 1);
//!     ctx.data_mut()[0] = 0xff;
//!     if ctx.adjust_tail(1).is_ok() { XdpVerdict::Tx } else { XdpVerdict::Pass }
//! }
//!
//! let session = Session::new();
//! let mut packet = Packet::new(&[0; 60]);
//! assert_eq!(session.run_xdp(echo, &mut packet), Ok(XdpVerdict::Tx));
//! assert_eq!(packet.bytes().len(), 61);
//! assert_eq!(SEEN.get(0), Some(1));
//! // A panic in the program comes back as an error.
//! assert!(session.run_xdp(echo, &mut Packet::new(&[])).is_err());
//! ```
//!
//! What differs from the kernel: a panic runs destructors, nothing is preempted, there is one CPU,
//! and nothing stops an endless loop.

mod helpers;
mod maps;
mod packet;
mod packet_helpers;
mod ringbuf;
mod sockets;
mod stream;
mod tasks;
mod tracing;

pub use packet::Packet;
pub use sockets::Socket;
pub use stream::Connection;
pub use tasks::Task;
pub use tracing::{Regs, Sample};

use crate::cgroup_skb::{CgroupSkb, CgroupVerdict};
use crate::map::MapType;
use crate::tc::{Tc, TcVerdict};
use crate::xdp::{Xdp, XdpVerdict};
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

static SESSION: Mutex<()> = Mutex::new(());

/// The text of a panic that ended a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(pub String);

/// A freshly loaded program: empty maps and log, time 0. One at a time: tests that run in
/// parallel wait for each other. Plain statics of a program keep their values.
pub struct Session(#[allow(dead_code)] MutexGuard<'static, ()>);

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

impl Session {
    /// Waits until no other session lives, then starts from scratch.
    pub fn new() -> Self {
        // A failed test poisons the lock, and nothing else.
        let guard = SESSION.lock().unwrap_or_else(PoisonError::into_inner);
        maps::reset();
        helpers::reset();
        sockets::reset();
        tasks::reset();
        packet_helpers::reset();
        Self(guard)
    }

    /// Runs an XDP program on a packet.
    pub fn run_xdp(
        &self,
        program: impl FnOnce(&mut Xdp<'_>) -> XdpVerdict,
        packet: &mut Packet,
    ) -> Result<XdpVerdict, Fault> {
        let verdict = packet.run(true, |ctx| {
            // SAFETY: the context lives until this returns and is used by nobody else.
            invoke(|| program(&mut unsafe { Xdp::from_raw(ctx) }))
        });
        packet.redirected = packet_helpers::take_redirect();
        verdict
    }

    /// Runs a tc program on a packet.
    pub fn run_tc(
        &self,
        program: impl FnOnce(&mut Tc<'_>) -> TcVerdict,
        packet: &mut Packet,
    ) -> Result<TcVerdict, Fault> {
        let verdict = packet.run(false, |ctx| {
            // SAFETY: the context lives until this returns and is used by nobody else.
            invoke(|| program(&mut unsafe { Tc::from_raw(ctx) }))
        });
        packet.redirected = packet_helpers::take_redirect();
        verdict
    }

    /// Runs a cgroup_skb program on a packet, which begins with the IP header.
    pub fn run_cgroup_skb(
        &self,
        program: impl FnOnce(&mut CgroupSkb<'_>) -> CgroupVerdict,
        packet: &mut Packet,
    ) -> Result<CgroupVerdict, Fault> {
        packet.run(false, |ctx| {
            // SAFETY: the context lives until this returns and is used by nobody else.
            invoke(|| program(&mut unsafe { CgroupSkb::from_raw(ctx) }))
        })
    }

    /// Sets the clock that programs read.
    pub fn set_time_ns(&self, now: u64) {
        helpers::set_time_ns(now);
    }

    /// What programs wrote to a ring buffer or perf event array, in order of submission.
    pub fn records<M: MapType>(&self, map: &'static M) -> Vec<Vec<u8>> {
        maps::records((&raw const *map).cast())
    }

    /// Sets an element of a map that only user space fills.
    pub fn fill<M: MapType>(&self, map: &'static M, key: &[u8], value: &[u8]) {
        maps::fill((&raw const *map).cast(), key, value);
    }

    /// Gives an array fewer elements than the program says, as a loader can; for this session.
    pub fn set_max_entries<M: MapType>(&self, map: &'static M, entries: u32) {
        maps::set_max_entries((&raw const *map).cast(), entries);
    }

    /// What programs wrote to the kernel log: level and text.
    pub fn log(&self) -> Vec<(u32, String)> {
        helpers::log()
    }

    /// What programs wrote to the kernel's trace.
    pub fn trace(&self) -> Vec<String> {
        helpers::trace()
    }

    /// The task that programs find running.
    pub fn set_current(&self, task: Task) {
        tasks::set_current(task);
    }

    /// Another task, for [`task::find`](crate::task::find).
    pub fn add_task(&self, task: Task) {
        tasks::add(task);
    }

    /// Makes `bytes` readable at an address, for [`probe`](crate::probe): for the kernel and the
    /// current process alike. All other addresses fault.
    pub fn map_memory(&self, address: u64, bytes: &[u8]) {
        tasks::map_memory(address, bytes);
    }

    /// A socket at an address, for [`sock`](crate::sock) and for look-ups of its family, protocol,
    /// local address and port. Replaces the one that is there.
    pub fn add_socket(&self, address: u64, socket: Socket) {
        sockets::add(address, socket);
    }

    /// No socket is at this address any more.
    pub fn remove_socket(&self, address: u64) {
        sockets::remove(address);
    }

    /// A `struct socket` at an address, of the socket at `sk`.
    pub fn add_socket_file(&self, address: u64, sk: u64) {
        sockets::add_file(address, sk);
    }

    /// A message at an address. Its ranges, if it is of several, are read with `map_memory`.
    pub fn add_message(&self, address: u64, message: crate::sock::Message) {
        sockets::add_message(address, message);
    }

    /// How often the program was enabled; 1 at first.
    pub fn set_generation(&self, generation: u32) {
        sockets::set_generation(generation);
    }

    /// The call chain that programs find, innermost first; none at first.
    pub fn set_stack(&self, addresses: &[u64]) {
        tasks::set_stack(addresses);
    }

    /// The signals that programs sent, and whether to the process.
    pub fn signals(&self) -> Vec<(u32, bool)> {
        tasks::signals()
    }

    /// Makes `address` one of this machine, for [`Xdp::local`]: of a VLAN's interface unless that is
    /// 0. There are none at first.
    pub fn add_local_address(&self, address: IpAddr, vlan: u16) {
        packet_helpers::add_local_address(address, vlan);
    }

    /// How many records of ring buffers are neither submitted nor discarded; 0 after each run.
    pub fn records_held(&self) -> usize {
        ringbuf::held()
    }

    /// How many locks are held now; 0 after each run.
    pub fn locks_held(&self) -> usize {
        helpers::locks_held()
    }
}

fn invoke<R>(run: impl FnOnce() -> R) -> Result<R, Fault> {
    let result = catch_unwind(AssertUnwindSafe(run));
    helpers::release_locks();
    ringbuf::release();
    result.map_err(|payload| {
        Fault(match payload.downcast::<String>() {
            Ok(text) => *text,
            Err(payload) => {
                payload.downcast::<&str>().map_or_else(|_| String::new(), |t| t.to_string())
            }
        })
    })
}
