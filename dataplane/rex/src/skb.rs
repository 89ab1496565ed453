// SPDX-License-Identifier: GPL-2.0-only
//! What the contexts made of socket buffers have in common.

use crate::ffi;

/// For whom a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum PacketType {
    /// For this machine.
    Host = 0,
    /// For all.
    Broadcast = 1,
    /// For a group.
    Multicast = 2,
    /// For another machine.
    OtherHost = 3,
    /// From this machine.
    Outgoing = 4,
    /// What the kernel uses among itself.
    Other = 5,
}

impl PacketType {
    pub(crate) fn from_raw(value: u32) -> Self {
        match value {
            0 => Self::Host,
            1 => Self::Broadcast,
            2 => Self::Multicast,
            3 => Self::OtherHost,
            4 => Self::Outgoing,
            _ => Self::Other,
        }
    }
}

/// A VLAN tag that the device took out of the packet, or will put into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VlanTag {
    /// `ETH_P_8021Q` or `ETH_P_8021AD`.
    pub protocol: u16,
    /// Priority (3 bits), drop eligible (1) and VLAN number (12).
    pub tci: u16,
}

/// # Safety
/// `ctx` is the context of the running invocation, at tc or cgroup_skb.
#[inline]
pub(crate) unsafe fn vlan_tag(ctx: *const ffi::rex_ctx) -> Option<VlanTag> {
    // SAFETY: the caller's promise.
    let tci = u16::try_from(unsafe { ffi::rex_skb_vlan_tci(ctx) }).ok()?;
    // SAFETY: the caller's promise.
    Some(VlanTag { protocol: unsafe { ffi::rex_skb_vlan_proto(ctx) } as u16, tci })
}

/// Methods that only read, for a type `$type<'a>` with a field `raw: NonNull<rex_ctx>`, whose
/// `data..data_end` is the linear part of the packet of the invocation that lasts for `'a`, and is
/// written by nobody while `$type` is borrowed.
macro_rules! skb_methods {
    ($type:ident: $($(#[$doc:meta])* $name:ident: $ret:ty = $ffi:ident as $cast:ty;)*) => {
        impl<'a> $type<'a> {
            /// The linear part of the packet. Often only the headers: compare with
            /// [`len`](Self::len), and use [`load`](Self::load).
            #[inline(always)]
            pub fn data(&self) -> &[u8] {
                // SAFETY: type invariant; the slice keeps `self` borrowed, so that the packet
                // cannot move.
                unsafe {
                    let ctx = self.raw.as_ref();
                    core::slice::from_raw_parts(ctx.data as *const u8, ctx.len())
                }
            }

            /// Copies `to.len()` bytes from `offset` on, linear or not, into `to`.
            #[inline(always)]
            pub fn load(&self, offset: u32, to: &mut [u8]) -> Result<(), Errno> {
                let len = u32::try_from(to.len()).map_err(|_| Errno::E2BIG)?;
                // SAFETY: type invariant; `to` has `len` bytes.
                Errno::check(unsafe {
                    ffi::rex_skb_load(self.raw.as_ptr(), offset, to.as_mut_ptr().cast(), len)
                })
            }

            /// For whom the packet is.
            #[inline(always)]
            pub fn packet_type(&self) -> $crate::skb::PacketType {
                // SAFETY: type invariant.
                $crate::skb::PacketType::from_raw(unsafe { ffi::rex_skb_type(self.raw.as_ptr()) })
            }

            /// The VLAN tag beside the data, if there is one.
            #[inline(always)]
            pub fn vlan_tag(&self) -> Option<$crate::skb::VlanTag> {
                // SAFETY: type invariant.
                unsafe { $crate::skb::vlan_tag(self.raw.as_ptr()) }
            }

            /// A hash of addresses and ports; computed if there is none yet.
            #[inline(always)]
            pub fn hash(&self) -> u32 {
                // SAFETY: type invariant. The data stay where they are.
                unsafe { ffi::rex_skb_hash(self.raw.as_ptr()) }
            }

            /// Sets the mark, which routing rules, filters and tc can look at.
            #[inline(always)]
            pub fn set_mark(&mut self, mark: u32) {
                // SAFETY: type invariant.
                unsafe { ffi::rex_skb_set_mark(self.raw.as_ptr(), mark) }
            }

            /// Sets the priority, by which queueing disciplines sort.
            #[inline(always)]
            pub fn set_priority(&mut self, priority: u32) {
                // SAFETY: type invariant.
                unsafe { ffi::rex_skb_set_priority(self.raw.as_ptr(), priority) }
            }

            /// The TCP socket, connected or listening, that would get such a packet.
            #[inline(always)]
            pub fn sk_lookup_tcp(
                &self,
                tuple: &$crate::socket::SocketTuple,
            ) -> Option<$crate::socket::SocketRef<'a>> {
                // SAFETY: type invariant; `'a` ends with the invocation.
                unsafe {
                    $crate::socket::lookup(self.raw.as_ptr(), tuple, $crate::socket::TCP)
                }
            }

            /// The UDP socket that would get such a packet.
            #[inline(always)]
            pub fn sk_lookup_udp(
                &self,
                tuple: &$crate::socket::SocketTuple,
            ) -> Option<$crate::socket::SocketRef<'a>> {
                // SAFETY: type invariant; `'a` ends with the invocation.
                unsafe {
                    $crate::socket::lookup(self.raw.as_ptr(), tuple, $crate::socket::UDP)
                }
            }

            $crate::skb::skb_methods! { @fields
                /// Length of the whole packet in bytes.
                #[allow(clippy::len_without_is_empty)]
                len: u32 = rex_skb_len as u32;
                /// Index of the interface.
                ifindex: u32 = rex_skb_ifindex as u32;
                /// Index of the interface that it came in by; 0 for a packet of this machine.
                ingress_ifindex: u32 = rex_skb_ingress_ifindex as u32;
                /// The protocol as the stack sees it (`ETH_P_*`, host order).
                protocol: u16 = rex_skb_protocol as u16;
                /// The mark.
                mark: u32 = rex_skb_mark as u32;
                /// The priority.
                priority: u32 = rex_skb_priority as u32;
                /// The queue: 0 when none was recorded.
                queue_mapping: u16 = rex_skb_queue_mapping as u16;
                /// Which NAPI instance received it; 0: none.
                napi_id: u32 = rex_skb_napi_id as u32;
                /// How many segments it will be cut to; 0: it is no such packet.
                gso_segs: u32 = rex_skb_gso_segs as u32;
                /// Payload of each segment in bytes.
                gso_size: u32 = rex_skb_gso_size as u32;
                /// Time of arrival or departure in ns, of the clock
                /// [`tstamp_type`](Self::tstamp_type); 0: none.
                tstamp: u64 = rex_skb_tstamp as u64;
                /// 0: real time, 1: monotonic, 2: TAI.
                tstamp_type: u32 = rex_skb_tstamp_type as u32;
                /// The device's own time stamp; 0: none.
                hwtstamp: u64 = rex_skb_hwtstamp as u64;
                $($(#[$doc])* $name: $ret = $ffi as $cast;)*
            }

            /// This invocation, for borrows from hash maps.
            #[inline(always)]
            pub fn scope(&self) -> Scope<'a> {
                // SAFETY: `'a` ends with the invocation.
                unsafe { Scope::new() }
            }
        }
    };
    (@fields $($(#[$doc:meta])* $name:ident: $ret:ty = $ffi:ident as $cast:ty;)*) => {
        $(
            $(#[$doc])*
            #[inline(always)]
            #[allow(clippy::unnecessary_cast)]
            pub fn $name(&self) -> $ret {
                // SAFETY: type invariant.
                unsafe { ffi::$ffi(self.raw.as_ptr()) as $cast }
            }
        )*
    };
}
pub(crate) use skb_methods;
