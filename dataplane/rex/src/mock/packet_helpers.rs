// SPDX-License-Identifier: GPL-2.0-only
//! The functions of rex_prog.h for packets. There are no routes.
#![allow(clippy::missing_safety_doc)]

use super::helpers::{helpers, negative, status};
use super::packet::Packet;
use crate::ffi::{self, rex_ctx};
use crate::skb::{PacketType, VlanTag};
use crate::tc::Direction;
use core::ffi::{c_long, c_void};
use std::cell::Cell;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

thread_local! {
    /// Redirects name no packet: it is the one whose program runs.
    static REDIRECT: Cell<Option<(u32, Direction)>> = const { Cell::new(None) };
}

/// Addresses of this machine, as bytes, and their VLANs.
static LOCAL: Mutex<Vec<(Vec<u8>, u16)>> = Mutex::new(Vec::new());

pub(super) fn reset() {
    LOCAL.lock().unwrap_or_else(PoisonError::into_inner).clear();
}

pub(super) fn add_local_address(address: IpAddr, vlan: u16) {
    let bytes = match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    LOCAL.lock().unwrap_or_else(PoisonError::into_inner).push((bytes, vlan));
}

/// Where the program that ran last redirected to.
pub(super) fn take_redirect() -> Option<(u32, Direction)> {
    REDIRECT.take()
}

fn direction(flags: u64) -> Direction {
    if flags & u64::from(ffi::BPF_F_INGRESS) != 0 { Direction::Ingress } else { Direction::Egress }
}

unsafe fn load(ctx: *const rex_ctx, offset: u32, to: *mut c_void, len: u32) -> c_long {
    // SAFETY: the caller keeps the promises of rex_prog.h.
    status(unsafe { Packet::of(ctx) }.range(offset, len).map(|bytes| {
        // SAFETY: as above.
        unsafe { to.cast::<u8>().copy_from(bytes.as_ptr(), bytes.len()) }
    }))
}

unsafe fn store(ctx: *mut rex_ctx, offset: u32, from: *const c_void, len: u32) -> c_long {
    // SAFETY: the caller keeps the promises of rex_prog.h.
    status(unsafe { Packet::of(ctx) }.range(offset, len).map(|bytes| {
        // SAFETY: as above.
        unsafe { bytes.as_mut_ptr().copy_from(from.cast(), bytes.len()) }
    }))
}

helpers! {
    fn rex_xdp_adjust_head(ctx: *mut rex_ctx, delta: i32) -> c_long {
        status(Packet::change(ctx, |packet| packet.adjust_head(delta)))
    }
    fn rex_xdp_adjust_tail(ctx: *mut rex_ctx, delta: i32) -> c_long {
        status(Packet::change(ctx, |packet| packet.adjust_tail(delta)))
    }
    fn rex_xdp_adjust_meta(ctx: *mut rex_ctx, delta: i32) -> c_long {
        status(Packet::change(ctx, |packet| packet.adjust_meta(delta)))
    }
    fn rex_xdp_frags(ctx: *const rex_ctx) -> u32 { u32::from(Packet::of(ctx).frags) }
    fn rex_xdp_len(ctx: *const rex_ctx) -> u32 { Packet::of(ctx).bytes().len() as u32 }
    fn rex_xdp_ifindex(ctx: *const rex_ctx) -> u32 { Packet::of(ctx).ifindex }
    fn rex_xdp_rx_queue(ctx: *const rex_ctx) -> u32 { Packet::of(ctx).rx_queue }
    fn rex_xdp_local(_ctx: *const rex_ctx, address: *const c_void, size: u32) -> i32 {
        let address = std::slice::from_raw_parts(address.cast::<u8>(), size as usize);
        let local = LOCAL.lock().unwrap_or_else(PoisonError::into_inner);
        match local.iter().find(|(local, _)| local == address) {
            Some((_, vlan)) => (*vlan).into(),
            None => negative(ffi::EADDRNOTAVAIL) as i32,
        }
    }
    fn rex_xdp_mac(ctx: *const rex_ctx, to: *mut u8) {
        to.cast::<[u8; 6]>().write(Packet::of(ctx).mac)
    }
    fn rex_xdp_load(ctx: *const rex_ctx, offset: u32, to: *mut c_void, len: u32) -> c_long {
        load(ctx, offset, to, len)
    }
    fn rex_xdp_store(ctx: *mut rex_ctx, offset: u32, from: *const c_void, len: u32) -> c_long {
        store(ctx, offset, from, len)
    }
    fn rex_xdp_redirect(ifindex: u32, _flags: u64) -> c_long {
        REDIRECT.set(Some((ifindex, Direction::Egress)));
        ffi::xdp_action_XDP_REDIRECT.into()
    }

    fn rex_skb_writable(ctx: *mut rex_ctx, len: u32) -> c_long {
        status(Packet::change(ctx, |packet| packet.pull(len as usize)))
    }
    fn rex_skb_pull(ctx: *mut rex_ctx, len: u32) -> c_long {
        status(Packet::change(ctx, |packet| packet.pull(len as usize)))
    }
    fn rex_skb_load(ctx: *const rex_ctx, offset: u32, to: *mut c_void, len: u32) -> c_long {
        load(ctx, offset, to, len)
    }
    fn rex_skb_store(ctx: *mut rex_ctx, offset: u32, from: *const c_void, len: u32) -> c_long {
        store(ctx, offset, from, len)
    }
    fn rex_skb_store_csum(
        ctx: *mut rex_ctx, offset: u32, from: *const c_void, len: u32, _flags: u64
    ) -> c_long {
        store(ctx, offset, from, len)
    }
    fn rex_skb_l3_csum_replace(ctx: *mut rex_ctx, offset: u32, _from: u64, to: u64, _flags: u64) -> c_long {
        status(Packet::of(ctx).csum_replace(offset, to, false))
    }
    fn rex_skb_l4_csum_replace(ctx: *mut rex_ctx, offset: u32, _from: u64, to: u64, flags: u64) -> c_long {
        let udp = flags & u64::from(ffi::BPF_F_MARK_MANGLED_0) != 0;
        status(Packet::of(ctx).csum_replace(offset, to, udp))
    }
    fn rex_skb_change_head(ctx: *mut rex_ctx, len: u32, _flags: u64) -> c_long {
        status(Packet::change(ctx, |packet| packet.resize_at(0, i32::try_from(len).ok()?)))
    }
    fn rex_skb_change_tail(ctx: *mut rex_ctx, len: u32, _flags: u64) -> c_long {
        status(Packet::change(ctx, |packet| packet.change_tail(len as usize)))
    }
    fn rex_skb_change_type(ctx: *mut rex_ctx, packet_type: u32) -> c_long {
        if packet_type > PacketType::OtherHost as u32 {
            return negative(ffi::EINVAL);
        }
        Packet::of(ctx).packet_type = PacketType::from_raw(packet_type);
        0
    }
    fn rex_skb_change_proto(ctx: *mut rex_ctx, protocol: u16, _flags: u64) -> c_long {
        let delta = match (u32::from(Packet::of(ctx).protocol), u32::from(protocol)) {
            (ffi::ETH_P_IP, ffi::ETH_P_IPV6) => 20,
            (ffi::ETH_P_IPV6, ffi::ETH_P_IP) => -20,
            _ => return negative(ffi::EOPNOTSUPP),
        };
        Packet::of(ctx).protocol = protocol;
        status(Packet::change(ctx, |packet| packet.resize_at(14, delta)))
    }
    fn rex_skb_adjust_room(ctx: *mut rex_ctx, delta: i32, mode: u32, _flags: u64) -> c_long {
        let at = if mode == ffi::bpf_adj_room_mode_BPF_ADJ_ROOM_MAC { 14 } else { 34 };
        status(Packet::change(ctx, |packet| packet.resize_at(at, delta)))
    }
    fn rex_skb_vlan_push(ctx: *mut rex_ctx, protocol: u16, tci: u16) -> c_long {
        status(Packet::change(ctx, |packet| packet.vlan_push(VlanTag { protocol, tci })))
    }
    fn rex_skb_vlan_pop(ctx: *mut rex_ctx) -> c_long {
        status(Packet::change(ctx, Packet::vlan_pop))
    }
    fn rex_skb_clone_redirect(ctx: *mut rex_ctx, ifindex: u32, flags: u64) -> c_long {
        let packet = Packet::of(ctx);
        packet.clones.push((ifindex, direction(flags), packet.bytes().to_vec()));
        0
    }
    fn rex_skb_redirect(ifindex: u32, flags: u64) -> c_long {
        REDIRECT.set(Some((ifindex, direction(flags))));
        ffi::TC_ACT_REDIRECT.into()
    }
    fn rex_skb_redirect_peer(ifindex: u32, _flags: u64) -> c_long {
        REDIRECT.set(Some((ifindex, Direction::Ingress)));
        ffi::TC_ACT_REDIRECT.into()
    }

    // FNV of the addresses and ports of a packet without options.
    fn rex_skb_hash(ctx: *mut rex_ctx) -> u32 {
        let bytes = Packet::of(ctx).bytes();
        bytes.iter().skip(26).take(12).fold(0x811c_9dc5, |hash: u32, byte| {
            (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
        })
    }
    fn rex_skb_len(ctx: *const rex_ctx) -> u32 { Packet::of(ctx).bytes().len() as u32 }
    fn rex_skb_wire_len(ctx: *const rex_ctx) -> u32 { Packet::of(ctx).bytes().len() as u32 }
    fn rex_skb_ifindex(ctx: *const rex_ctx) -> u32 { Packet::of(ctx).ifindex }
    fn rex_skb_ingress_ifindex(ctx: *const rex_ctx) -> u32 { Packet::of(ctx).ifindex }
    fn rex_skb_protocol(ctx: *const rex_ctx) -> u32 { u32::from(Packet::of(ctx).protocol) }
    fn rex_skb_type(ctx: *const rex_ctx) -> u32 { Packet::of(ctx).packet_type as u32 }
    fn rex_skb_mark(ctx: *const rex_ctx) -> u32 { Packet::of(ctx).mark }
    fn rex_skb_set_mark(ctx: *mut rex_ctx, mark: u32) { Packet::of(ctx).mark = mark; }
    fn rex_skb_priority(ctx: *const rex_ctx) -> u32 { Packet::of(ctx).priority }
    fn rex_skb_set_priority(ctx: *mut rex_ctx, priority: u32) {
        Packet::of(ctx).priority = priority;
    }
    fn rex_skb_queue_mapping(ctx: *const rex_ctx) -> u32 {
        u32::from(Packet::of(ctx).queue_mapping)
    }
    fn rex_skb_set_queue_mapping(ctx: *mut rex_ctx, queue: u32) {
        if queue < u32::from(u16::MAX) {
            Packet::of(ctx).queue_mapping = queue as u16;
        }
    }
    fn rex_skb_vlan_tci(ctx: *const rex_ctx) -> i32 {
        Packet::of(ctx).vlan.map_or(-1, |tag| i32::from(tag.tci))
    }
    fn rex_skb_vlan_proto(ctx: *const rex_ctx) -> u32 {
        Packet::of(ctx).vlan.map_or(0, |tag| u32::from(tag.protocol))
    }
    fn rex_skb_tc_index(ctx: *const rex_ctx) -> u32 { u32::from(Packet::of(ctx).tc_index) }
    fn rex_skb_set_tc_index(ctx: *mut rex_ctx, index: u32) {
        Packet::of(ctx).tc_index = index as u16;
    }
    fn rex_skb_tc_classid(ctx: *const rex_ctx) -> u32 { u32::from(Packet::of(ctx).tc_classid) }
    fn rex_skb_set_tc_classid(ctx: *mut rex_ctx, class: u32) {
        Packet::of(ctx).tc_classid = class as u16;
    }
    fn rex_skb_cb(ctx: *const rex_ctx, index: u32) -> u32 {
        Packet::of(ctx).cb.get(index as usize).copied().unwrap_or(0)
    }
    fn rex_skb_set_cb(ctx: *mut rex_ctx, index: u32, value: u32) {
        if let Some(word) = Packet::of(ctx).cb.get_mut(index as usize) {
            *word = value;
        }
    }
    fn rex_skb_tstamp(ctx: *const rex_ctx) -> u64 { Packet::of(ctx).tstamp.0 }
    fn rex_skb_tstamp_type(ctx: *const rex_ctx) -> u32 { Packet::of(ctx).tstamp.1 }
    fn rex_skb_set_tstamp(ctx: *mut rex_ctx, tstamp: u64, clock: u32) -> c_long {
        if clock > 2 || (clock == 0) != (tstamp == 0) {
            return negative(ffi::EINVAL);
        }
        Packet::of(ctx).tstamp = (tstamp, clock);
        0
    }
    fn rex_skb_hwtstamp(_ctx: *const rex_ctx) -> u64 { 0 }
    fn rex_skb_napi_id(_ctx: *const rex_ctx) -> u32 { 0 }
    fn rex_skb_gso_segs(_ctx: *const rex_ctx) -> u32 { 0 }
    fn rex_skb_gso_size(_ctx: *const rex_ctx) -> u32 { 0 }
    fn rex_skb_meta_len(ctx: *const rex_ctx) -> u32 { Packet::of(ctx).meta().len() as u32 }

    fn rex_fib_lookup(
        _ctx: *mut c_void, _params: *mut ffi::bpf_fib_lookup, _size: u32, _flags: u32
    ) -> c_long {
        ffi::BPF_FIB_LKUP_RET_NOT_FWDED.into()
    }
}
