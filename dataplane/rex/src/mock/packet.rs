// SPDX-License-Identifier: GPL-2.0-only
use crate::ffi::rex_ctx;
use crate::skb::{PacketType, VlanTag};
use crate::tc::Direction;

/// As much room as an XDP frame has in front and in all.
const HEADROOM: usize = 256;
const FRAME: usize = 4096 - 320;
/// Helpers leave at least an Ethernet header.
const MIN: usize = 14;
const MAX_META: usize = 252;

/// What the context of an XDP program looks like: data, data_end and data_meta come first, then
/// what is not the program's business.
#[repr(C)]
struct Context {
    ctx: rex_ctx,
    packet: *mut Packet,
    is_xdp: bool,
}

/// A packet for [`Session::run_xdp`](super::Session::run_xdp) and
/// [`Session::run_tc`](super::Session::run_tc).
#[derive(Clone, Debug)]
pub struct Packet {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Bytes of metadata in front.
    meta: usize,
    /// How much of it a tc program sees without pulling.
    linear: usize,
    /// What [`Xdp::has_frags`](crate::xdp::Xdp::has_frags) says.
    pub frags: bool,
    /// The interface it came in by.
    pub ifindex: u32,
    /// The MAC address of that interface; at first the packet is for it.
    pub mac: [u8; 6],
    /// The receive queue.
    pub rx_queue: u32,
    /// The protocol of a socket buffer (`ETH_P_*`).
    pub protocol: u16,
    /// For whom it is.
    pub packet_type: PacketType,
    /// The mark.
    pub mark: u32,
    /// The priority.
    pub priority: u32,
    /// The queue to send by.
    pub queue_mapping: u16,
    /// The VLAN tag beside the data.
    pub vlan: Option<VlanTag>,
    /// What a classifier found.
    pub tc_index: u16,
    /// The class.
    pub tc_classid: u16,
    /// The scratch memory of tc.
    pub cb: [u32; 5],
    /// Time stamp and its clock.
    pub tstamp: (u64, u32),
    /// Where the last redirect helper said.
    pub redirected: Option<(u32, Direction)>,
    /// What [`Tc::clone_redirect`](crate::tc::Tc::clone_redirect) sent.
    pub clones: Vec<(u32, Direction, Vec<u8>)>,
}

impl Packet {
    /// A packet of these bytes, all linear, with the usual room around (3520 bytes fit).
    pub fn new(bytes: &[u8]) -> Self {
        let mut buffer = vec![0; FRAME.max(HEADROOM + bytes.len())];
        let end = HEADROOM + bytes.len();
        buffer[HEADROOM..end].copy_from_slice(bytes);
        let protocol = bytes.get(12..14).map_or(0, |p| u16::from_be_bytes([p[0], p[1]]));
        Self {
            buffer,
            start: HEADROOM,
            end,
            meta: 0,
            linear: bytes.len(),
            frags: false,
            ifindex: 1,
            mac: bytes.first_chunk().copied().unwrap_or_default(),
            rx_queue: 0,
            protocol,
            packet_type: PacketType::Host,
            mark: 0,
            priority: 0,
            queue_mapping: 0,
            vlan: None,
            tc_index: 0,
            tc_classid: 0,
            cb: [0; 5],
            tstamp: (0, 0),
            redirected: None,
            clones: Vec::new(),
        }
    }

    /// The same with only the first `len` bytes linear.
    pub fn with_linear(mut self, len: usize) -> Self {
        self.linear = len.min(self.end - self.start);
        self
    }

    /// The packet as it is now.
    pub fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// The metadata in front of it.
    pub fn meta(&self) -> &[u8] {
        &self.buffer[self.start - self.meta..self.start]
    }

    pub(super) fn run<R>(&mut self, is_xdp: bool, run: impl FnOnce(*mut rex_ctx) -> R) -> R {
        let packet: *mut Packet = self;
        let mut context = Context { ctx: rex_ctx { data: 0, data_end: 0, raw: 0 }, packet, is_xdp };
        let ctx: *mut rex_ctx = (&raw mut context).cast();
        // SAFETY: both are live and ours.
        unsafe {
            Packet::refresh(ctx);
            run(ctx)
        }
    }

    /// # Safety
    /// `ctx` is the context that [`run`](Self::run) made for this packet.
    unsafe fn refresh(ctx: *mut rex_ctx) {
        // SAFETY: the caller's promise.
        unsafe {
            let packet = &mut *(*ctx.cast::<Context>()).packet;
            let linear = packet.linear.min(packet.end - packet.start);
            let data = packet.buffer.as_mut_ptr() as u64 + packet.start as u64;
            (*ctx).data = data;
            (*ctx).data_end = data + linear as u64;
            if (*ctx.cast::<Context>()).is_xdp {
                (*ctx).raw = data - packet.meta as u64;
            }
        }
    }

    /// # Safety
    /// `ctx` is the context of a run, and no slice of the packet is alive.
    pub(super) unsafe fn of<'a>(ctx: *const rex_ctx) -> &'a mut Packet {
        // SAFETY: run() put it there.
        unsafe { &mut *(*ctx.cast::<Context>()).packet }
    }

    /// Runs `change`, then refreshes the context, as the helpers that may move the packet.
    ///
    /// # Safety
    /// As [`of`](Self::of).
    pub(super) unsafe fn change(
        ctx: *mut rex_ctx,
        change: impl FnOnce(&mut Packet) -> Option<()>,
    ) -> Option<()> {
        // SAFETY: the caller's promise.
        let result = change(unsafe { Self::of(ctx) });
        // SAFETY: as above.
        unsafe { Self::refresh(ctx) };
        result
    }

    pub(super) fn adjust_head(&mut self, delta: i32) -> Option<()> {
        let start = self.start.checked_add_signed(delta as isize)?;
        if start + MIN > self.end {
            return None;
        }
        self.linear = self.end - start;
        self.start = start;
        self.meta = 0;
        Some(())
    }

    pub(super) fn adjust_tail(&mut self, delta: i32) -> Option<()> {
        let end = self.end.checked_add_signed(delta as isize)?;
        // What fragments do is left to the kernel.
        if self.frags || end < self.start + MIN || end > self.buffer.len() {
            return None;
        }
        if end > self.end {
            self.buffer[self.end..end].fill(0);
        }
        self.end = end;
        self.linear = end - self.start;
        Some(())
    }

    pub(super) fn adjust_meta(&mut self, delta: i32) -> Option<()> {
        let meta = self.meta.checked_add_signed(-(delta as isize))?;
        if meta % 4 != 0 || meta > MAX_META || meta > self.start {
            return None;
        }
        self.meta = meta;
        Some(())
    }

    pub(super) fn pull(&mut self, len: usize) -> Option<()> {
        if len > self.end - self.start {
            return None;
        }
        self.linear = self.linear.max(len);
        Some(())
    }

    /// Puts zero bytes into the packet at `at`, or takes some away.
    pub(super) fn resize_at(&mut self, at: usize, delta: i32) -> Option<()> {
        let mut bytes = self.bytes().to_vec();
        if delta >= 0 {
            let rest = bytes.get(at..)?.to_vec();
            bytes.truncate(at);
            bytes.resize(at + delta as usize, 0);
            bytes.extend(rest);
        } else {
            let end = at.checked_add(delta.unsigned_abs() as usize)?;
            if end > bytes.len() {
                return None;
            }
            bytes.drain(at..end);
        }
        self.replace(&bytes)
    }

    fn replace(&mut self, bytes: &[u8]) -> Option<()> {
        self.start = HEADROOM;
        self.end = HEADROOM + bytes.len();
        self.buffer.resize(self.buffer.len().max(self.end), 0);
        self.buffer[self.start..self.end].copy_from_slice(bytes);
        self.linear = bytes.len();
        self.meta = 0;
        Some(())
    }

    pub(super) fn change_tail(&mut self, len: usize) -> Option<()> {
        let mut bytes = self.bytes().to_vec();
        bytes.resize(len, 0);
        if len < MIN { None } else { self.replace(&bytes) }
    }

    pub(super) fn vlan_push(&mut self, tag: VlanTag) -> Option<()> {
        if let Some(old) = self.vlan {
            self.resize_at(12, 4)?;
            let at = self.start + 12;
            self.buffer[at..at + 2].copy_from_slice(&old.protocol.to_be_bytes());
            self.buffer[at + 2..at + 4].copy_from_slice(&old.tci.to_be_bytes());
            self.protocol = old.protocol;
        }
        self.vlan = Some(tag);
        Some(())
    }

    pub(super) fn vlan_pop(&mut self) -> Option<()> {
        self.vlan = None;
        if let Some(&[a, b, tci_a, tci_b, c, d]) = self.bytes().get(12..18) {
            let protocol = u16::from_be_bytes([a, b]);
            if protocol == 0x8100 || protocol == 0x88a8 {
                self.resize_at(12, -4)?;
                self.vlan = Some(VlanTag { protocol, tci: u16::from_be_bytes([tci_a, tci_b]) });
                self.protocol = u16::from_be_bytes([c, d]);
            }
        }
        Some(())
    }

    /// Adds a folded difference, in the order of the kernel's sums, to the checksum at `offset`.
    pub(super) fn csum_replace(&mut self, offset: u32, to: u64, udp: bool) -> Option<()> {
        let check = self.range(offset, 2)?;
        let old = u16::from_ne_bytes([check[0], check[1]]);
        if udp && old == 0 {
            return Some(());
        }
        let mut sum = u64::from(!old) + to;
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        let new = if udp && sum == 0xffff { 0xffff } else { !(sum as u16) };
        check.copy_from_slice(&new.to_ne_bytes());
        Some(())
    }

    pub(super) fn range(&mut self, offset: u32, len: u32) -> Option<&mut [u8]> {
        let offset = offset as usize;
        self.buffer[self.start..self.end].get_mut(offset..offset + len as usize)
    }
}
