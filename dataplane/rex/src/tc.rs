// SPDX-License-Identifier: GPL-2.0-only
//! Traffic control: programs that see packets between an interface and the network stack, in
//! either direction.

use crate::net::checksum::Change;
use crate::route::{self, FibRequest, NextHop, NoRoute};
use crate::skb::skb_methods;
use crate::{Errno, Result, Scope, ffi};
use core::ffi::c_long;
use core::marker::PhantomData;
use core::ptr::NonNull;
use core::slice;

pub use crate::skb::{PacketType, VlanTag};

/// What becomes of the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum TcVerdict {
    /// As the filter's configuration says; with tcx: on to the next program.
    Unspec = ffi::TC_ACT_UNSPEC,
    /// Goes on; no further filter sees it.
    Ok = ffi::TC_ACT_OK as i32,
    /// Dropped.
    Shot = ffi::TC_ACT_SHOT as i32,
    /// Goes on to the next action. As [`Unspec`](Self::Unspec) where there are no actions
    /// (tcx, and filters in direct-action mode).
    Pipe = ffi::TC_ACT_PIPE as i32,
    /// Taken by the program: no further handling, not counted as a drop. tcx does not know it:
    /// there, it is as [`Unspec`](Self::Unspec).
    Stolen = ffi::TC_ACT_STOLEN as i32,
    /// Goes where the last redirect said: comes from [`Tc::redirect`] and [`Tc::redirect_peer`],
    /// and from nowhere else.
    Redirect(Redirected) = ffi::TC_ACT_REDIRECT as i32,
}

/// That a redirect was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redirected(());

impl TcVerdict {
    /// The kernel's number (`TC_ACT_*`).
    #[inline(always)]
    pub const fn code(self) -> i32 {
        match self {
            Self::Unspec => ffi::TC_ACT_UNSPEC,
            Self::Ok => ffi::TC_ACT_OK as i32,
            Self::Shot => ffi::TC_ACT_SHOT as i32,
            Self::Pipe => ffi::TC_ACT_PIPE as i32,
            Self::Stolen => ffi::TC_ACT_STOLEN as i32,
            Self::Redirect(_) => ffi::TC_ACT_REDIRECT as i32,
        }
    }

    /// What a redirect helper returned: a verdict, or a negative errno.
    #[inline(always)]
    fn from_redirect(ret: c_long) -> Result<Self, Errno> {
        Errno::check(ret)?;
        match ret as u32 {
            ffi::TC_ACT_REDIRECT => Ok(Self::Redirect(Redirected(()))),
            _ => Err(Errno::EINVAL),
        }
    }
}

/// On which side of another interface a packet appears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Direction {
    /// It is sent.
    Egress = 0,
    /// It is received.
    Ingress = ffi::BPF_F_INGRESS as u64,
}

/// Where [`Tc::adjust_room`] makes room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Room {
    /// Behind the IP header.
    Network = ffi::bpf_adj_room_mode_BPF_ADJ_ROOM_NET,
    /// Behind the Ethernet header.
    Mac = ffi::bpf_adj_room_mode_BPF_ADJ_ROOM_MAC,
}

/// Which checksum [`Tc::l4_csum_replace`] changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct L4Checksum {
    /// What changed is in the pseudo header, an address: the device's sum of the packet stays.
    pub pseudo_header: bool,
    /// UDP: a checksum of 0 is none and stays, and one that becomes 0 is sent as 0xffff.
    pub udp: bool,
}

/// A packet (socket buffer) at a tc hook. Its data begin with the Ethernet header.
///
/// # Invariants
/// `raw` points to the context of a tc invocation that lives for `'a`, used only through this
/// value; its `data..data_end` is the linear part of the packet. Others may read that part (clones
/// share it), and nobody writes it while it is shared.
pub struct Tc<'a> {
    pub(crate) raw: NonNull<ffi::rex_ctx>,
    _invocation: PhantomData<&'a mut ffi::rex_ctx>,
}

skb_methods! { Tc:
    /// What a classifier found.
    tc_index: u16 = rex_skb_tc_index as u16;
    /// The class for a classful queueing discipline.
    tc_classid: u16 = rex_skb_tc_classid as u16;
    /// Length on the wire: with the headers of all segments.
    wire_len: u32 = rex_skb_wire_len as u32;
}

impl<'a> Tc<'a> {
    /// # Safety
    /// As the type's invariants say.
    #[inline(always)]
    pub(crate) unsafe fn from_raw(ctx: *mut ffi::rex_ctx) -> Self {
        // SAFETY: the caller passes a live context.
        Self { raw: unsafe { NonNull::new_unchecked(ctx) }, _invocation: PhantomData }
    }

    /// [`data`](Self::data), to be written: first makes it private to this packet.
    #[inline(always)]
    pub fn data_mut(&mut self) -> Result<&mut [u8], Errno> {
        self.make_writable(0)?;
        // SAFETY: type invariant; the call above made the bytes private, `&mut self` makes this
        // the only slice.
        unsafe {
            let ctx = self.raw.as_ref();
            Ok(slice::from_raw_parts_mut(ctx.data as *mut u8, ctx.len()))
        }
    }

    /// Makes at least the first `len` bytes linear: [`data`](Self::data) is that long then.
    #[inline(always)]
    pub fn pull(&mut self, len: u32) -> Result<(), Errno> {
        // SAFETY: type invariant; no slice is live.
        Errno::check(unsafe { ffi::rex_skb_pull(self.raw.as_ptr(), len) })
    }

    /// As [`pull`](Self::pull), and makes them private (0: what is linear now), for
    /// [`data_mut`](Self::data_mut) behind what is linear now.
    #[inline(always)]
    pub fn make_writable(&mut self, len: u32) -> Result<(), Errno> {
        // SAFETY: type invariant; no slice is live.
        Errno::check(unsafe { ffi::rex_skb_writable(self.raw.as_ptr(), len) })
    }

    /// The metadata that XDP left in front of the packet; often empty.
    #[inline(always)]
    pub fn meta(&self) -> &[u8] {
        // SAFETY: type invariant; the metadata lie before the data, in memory that nobody writes;
        // the slice keeps `self` borrowed.
        unsafe {
            let len = ffi::rex_skb_meta_len(self.raw.as_ptr());
            slice::from_raw_parts(
                (self.raw.as_ref().data - u64::from(len)) as *const u8,
                len as usize,
            )
        }
    }

    /// Writes `from` at `offset`, linear or not. Checksums are the caller's business.
    #[inline(always)]
    pub fn store(&mut self, offset: u32, from: &[u8]) -> Result<(), Errno> {
        let len = u32::try_from(from.len()).map_err(|_| Errno::E2BIG)?;
        // SAFETY: type invariant; no slice of the packet is live; `from` has `len` bytes.
        Errno::check(unsafe {
            ffi::rex_skb_store(self.raw.as_ptr(), offset, from.as_ptr().cast(), len)
        })
    }

    /// As [`store`](Self::store), and keeps right what the device summed up and hashed; those in
    /// the headers stay the caller's business.
    #[inline(always)]
    pub fn store_csum(&mut self, offset: u32, from: &[u8]) -> Result<(), Errno> {
        let len = u32::try_from(from.len()).map_err(|_| Errno::E2BIG)?;
        let flags = ffi::BPF_F_RECOMPUTE_CSUM | ffi::BPF_F_INVALIDATE_HASH;
        // SAFETY: type invariant; no slice of the packet is live; `from` has `len` bytes.
        Errno::check(unsafe {
            let from = from.as_ptr().cast();
            ffi::rex_skb_store_csum(self.raw.as_ptr(), offset, from, len, flags.into())
        })
    }

    /// Brings the IPv4 header checksum at `offset` up to date with a change.
    #[inline(always)]
    pub fn l3_csum_replace(&mut self, offset: u32, change: Change) -> Result<(), Errno> {
        // SAFETY: type invariant; no slice is live.
        Errno::check(unsafe {
            ffi::rex_skb_l3_csum_replace(self.raw.as_ptr(), offset, 0, change.to_kernel(), 0)
        })
    }

    /// Brings the TCP, UDP or ICMP checksum at `offset` up to date with a change.
    #[inline(always)]
    pub fn l4_csum_replace(
        &mut self,
        offset: u32,
        change: Change,
        which: L4Checksum,
    ) -> Result<(), Errno> {
        let mut flags = 0;
        if which.pseudo_header {
            flags |= ffi::BPF_F_PSEUDO_HDR;
        }
        if which.udp {
            flags |= ffi::BPF_F_MARK_MANGLED_0;
        }
        // SAFETY: type invariant; no slice is live.
        Errno::check(unsafe {
            let to = change.to_kernel();
            ffi::rex_skb_l4_csum_replace(self.raw.as_ptr(), offset, 0, to, flags.into())
        })
    }

    /// Makes room of `len` zero bytes in front of the packet, for a link layer header.
    #[inline(always)]
    pub fn change_head(&mut self, len: u32) -> Result<(), Errno> {
        // SAFETY: type invariant; no slice is live.
        Errno::check(unsafe { ffi::rex_skb_change_head(self.raw.as_ptr(), len, 0) })
    }

    /// Makes the packet `len` bytes long; new ones are 0. Slow: it is made linear and private, and
    /// loses what the device knew about it.
    #[inline(always)]
    pub fn change_tail(&mut self, len: u32) -> Result<(), Errno> {
        // SAFETY: type invariant; no slice is live.
        Errno::check(unsafe { ffi::rex_skb_change_tail(self.raw.as_ptr(), len, 0) })
    }

    /// Sets for whom the packet is, within the first four types.
    #[inline(always)]
    pub fn change_type(&mut self, packet_type: PacketType) -> Result<(), Errno> {
        // SAFETY: type invariant.
        Errno::check(unsafe { ffi::rex_skb_change_type(self.raw.as_ptr(), packet_type as u32) })
    }

    /// Between IPv4 and IPv6: makes the IP header 20 bytes longer or shorter and sets the protocol
    /// (`ETH_P_*`, host order). The caller writes the new header.
    #[inline(always)]
    pub fn change_proto(&mut self, protocol: u16) -> Result<(), Errno> {
        // SAFETY: type invariant; no slice is live.
        Errno::check(unsafe { ffi::rex_skb_change_proto(self.raw.as_ptr(), protocol, 0) })
    }

    /// Makes room (positive `delta`) or takes bytes away behind a header, for tunnels. `flags` are
    /// `BPF_F_ADJ_ROOM_*` of the kernel.
    #[inline(always)]
    pub fn adjust_room(&mut self, delta: i32, room: Room, flags: u64) -> Result<(), Errno> {
        // SAFETY: type invariant; no slice is live.
        Errno::check(unsafe {
            ffi::rex_skb_adjust_room(self.raw.as_ptr(), delta, room as u32, flags)
        })
    }

    /// Adds a VLAN tag, of `ETH_P_8021Q` or `ETH_P_8021AD`: beside the data if there is none yet,
    /// else the present one goes into the data.
    #[inline(always)]
    pub fn vlan_push(&mut self, tag: VlanTag) -> Result<(), Errno> {
        // SAFETY: type invariant; no slice is live.
        Errno::check(unsafe { ffi::rex_skb_vlan_push(self.raw.as_ptr(), tag.protocol, tag.tci) })
    }

    /// Takes the outermost VLAN tag away, if there is one.
    #[inline(always)]
    pub fn vlan_pop(&mut self) -> Result<(), Errno> {
        // SAFETY: type invariant; no slice is live.
        Errno::check(unsafe { ffi::rex_skb_vlan_pop(self.raw.as_ptr()) })
    }

    /// Sends a copy to another interface, at once. This packet goes on.
    #[inline(always)]
    pub fn clone_redirect(&mut self, ifindex: u32, direction: Direction) -> Result<(), Errno> {
        // SAFETY: type invariant; no slice is live.
        Errno::check(unsafe {
            ffi::rex_skb_clone_redirect(self.raw.as_ptr(), ifindex, direction as u64)
        })
    }

    /// Sends this packet to another interface: gives the verdict to return.
    #[inline(always)]
    pub fn redirect(&mut self, ifindex: u32, direction: Direction) -> Result<TcVerdict, Errno> {
        // SAFETY: a tc invocation is running.
        TcVerdict::from_redirect(unsafe { ffi::rex_skb_redirect(ifindex, direction as u64) })
    }

    /// To the peer of a veth or netkit device, in its namespace, as if it had come in there. Only
    /// at ingress.
    #[inline(always)]
    pub fn redirect_peer(&mut self, ifindex: u32) -> Result<TcVerdict, Errno> {
        // SAFETY: a tc invocation is running.
        TcVerdict::from_redirect(unsafe { ffi::rex_skb_redirect_peer(ifindex, 0) })
    }

    /// Sets the queue to send by. 65535 is ignored.
    #[inline(always)]
    pub fn set_queue_mapping(&mut self, queue: u16) {
        // SAFETY: type invariant.
        unsafe { ffi::rex_skb_set_queue_mapping(self.raw.as_ptr(), queue.into()) }
    }

    /// Sets [`tc_index`](Self::tc_index).
    #[inline(always)]
    pub fn set_tc_index(&mut self, index: u16) {
        // SAFETY: type invariant.
        unsafe { ffi::rex_skb_set_tc_index(self.raw.as_ptr(), index.into()) }
    }

    /// Sets [`tc_classid`](Self::tc_classid).
    #[inline(always)]
    pub fn set_tc_classid(&mut self, class: u16) {
        // SAFETY: type invariant.
        unsafe { ffi::rex_skb_set_tc_classid(self.raw.as_ptr(), class.into()) }
    }

    /// Sets the time of departure, for queueing disciplines that pace (fq, etf): the clock is 1,
    /// monotonic, or 2, TAI; 0 with clock 0 takes it away.
    #[inline(always)]
    pub fn set_tstamp(&mut self, ns: u64, clock: u32) -> Result<(), Errno> {
        // SAFETY: type invariant.
        Errno::check(unsafe { ffi::rex_skb_set_tstamp(self.raw.as_ptr(), ns, clock) })
    }

    /// Word `index` (0 to 4) of the scratch memory that tc programs on a packet's way share.
    #[inline(always)]
    pub fn cb(&self, index: u32) -> u32 {
        // SAFETY: type invariant.
        unsafe { ffi::rex_skb_cb(self.raw.as_ptr(), index) }
    }

    /// Sets what [`cb`](Self::cb) reads.
    #[inline(always)]
    pub fn set_cb(&mut self, index: u32, value: u32) {
        // SAFETY: type invariant.
        unsafe { ffi::rex_skb_set_cb(self.raw.as_ptr(), index, value) }
    }

    /// Where the kernel would route such a packet.
    #[inline(always)]
    pub fn fib_lookup(&self, request: &FibRequest) -> Result<NextHop, NoRoute> {
        // SAFETY: type invariant.
        unsafe { route::lookup(self.raw.as_ptr(), request) }
    }
}
