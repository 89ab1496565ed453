// SPDX-License-Identifier: GPL-2.0-only
use crate::ffi::rex_ctx;

/// As much room as an XDP frame has in front and in all.
const HEADROOM: usize = 256;
const FRAME: usize = 4096 - 320;
/// Helpers leave at least an Ethernet header.
const MIN: usize = 14;

/// A packet for [`Session::run_xdp`](super::Session::run_xdp) and
/// [`Session::run_tc`](super::Session::run_tc).
#[derive(Clone, Debug)]
pub struct Packet {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// How much of it a tc program sees without pulling.
    linear: usize,
    /// What [`Xdp::has_frags`](crate::xdp::Xdp::has_frags) says.
    pub frags: bool,
    /// The interface it came in by.
    pub ifindex: u32,
    /// The receive queue.
    pub rx_queue: u32,
    /// The protocol of a socket buffer (`ETH_P_*`).
    pub protocol: u16,
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
            linear: bytes.len(),
            frags: false,
            ifindex: 1,
            rx_queue: 0,
            protocol,
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

    pub(super) fn run<R>(&mut self, run: impl FnOnce(*mut rex_ctx) -> R) -> R {
        let packet: *mut Packet = self;
        let mut ctx = rex_ctx { data: 0, data_end: 0, raw: packet as u64 };
        let ctx: *mut rex_ctx = &mut ctx;
        // SAFETY: both are live and ours.
        unsafe {
            (*packet).refresh(ctx);
            run(ctx)
        }
    }

    /// # Safety
    /// `ctx` is the context that [`run`](Self::run) made for this packet.
    unsafe fn refresh(&mut self, ctx: *mut rex_ctx) {
        let linear = self.linear.min(self.end - self.start);
        let data = self.buffer.as_mut_ptr() as u64 + self.start as u64;
        // SAFETY: the caller's promise.
        unsafe {
            (*ctx).data = data;
            (*ctx).data_end = data + linear as u64;
        }
    }

    /// # Safety
    /// `ctx` is the context of a run, and no slice of the packet is alive.
    pub(super) unsafe fn of<'a>(ctx: *const rex_ctx) -> &'a mut Packet {
        // SAFETY: run() put it there.
        unsafe { &mut *((*ctx).raw as *mut Packet) }
    }

    /// # Safety
    /// As [`of`](Self::of).
    pub(super) unsafe fn adjust_head(ctx: *mut rex_ctx, delta: i32) -> Option<()> {
        // SAFETY: the caller's promise.
        let packet = unsafe { Self::of(ctx) };
        let start = packet.start.checked_add_signed(delta as isize)?;
        if start + MIN > packet.end {
            return None;
        }
        packet.linear = packet.end - start;
        packet.start = start;
        // SAFETY: the caller's promise.
        unsafe { packet.refresh(ctx) };
        Some(())
    }

    /// # Safety
    /// As [`of`](Self::of).
    pub(super) unsafe fn adjust_tail(ctx: *mut rex_ctx, delta: i32) -> Option<()> {
        // SAFETY: the caller's promise.
        let packet = unsafe { Self::of(ctx) };
        let end = packet.end.checked_add_signed(delta as isize)?;
        if end < packet.start + MIN || end > packet.buffer.len() {
            return None;
        }
        if end > packet.end {
            packet.buffer[packet.end..end].fill(0);
        }
        packet.end = end;
        packet.linear = end - packet.start;
        // SAFETY: the caller's promise.
        unsafe { packet.refresh(ctx) };
        Some(())
    }

    /// # Safety
    /// As [`of`](Self::of).
    pub(super) unsafe fn writable(ctx: *mut rex_ctx, len: usize) -> Option<()> {
        // SAFETY: the caller's promise.
        let packet = unsafe { Self::of(ctx) };
        if len > packet.end - packet.start {
            return None;
        }
        packet.linear = packet.linear.max(len);
        // SAFETY: the caller's promise.
        unsafe { packet.refresh(ctx) };
        Some(())
    }

    pub(super) fn range(&mut self, offset: u32, len: u32) -> Option<&mut [u8]> {
        let offset = offset as usize;
        self.buffer[self.start..self.end].get_mut(offset..offset + len as usize)
    }
}
