// SPDX-License-Identifier: GPL-2.0-only
//! Maps that XDP programs redirect packets by. User space fills them.

use super::{MapDef, MapType, sealed::Sealed};
use crate::ffi;
use crate::xdp::{Xdp, XdpVerdict};
use core::mem::size_of;

macro_rules! redirect_map {
    ($(#[$doc:meta])* $name:ident, $type:ident) => {
        $(#[$doc])*
        #[repr(transparent)]
        pub struct $name(MapDef);

        impl Sealed for $name {}
        // SAFETY: transparent over MapDef.
        unsafe impl MapType for $name {}

        impl $name {
            /// At most `max_entries` elements; `flags`: BPF_F_* of map creation.
            pub const fn new(max_entries: u32, flags: u32) -> Self {
                Self(MapDef::sized(
                    ffi::$type,
                    size_of::<u32>(),
                    size_of::<u32>(),
                    max_entries,
                    flags,
                ))
            }

            /// The verdict that sends this packet to element `key`, or
            /// [`Aborted`](XdpVerdict::Aborted) when there is no such element.
            #[inline(always)]
            pub fn redirect(&self, ctx: &Xdp<'_>, key: u32) -> XdpVerdict {
                self.redirect_or(ctx, key, XdpVerdict::Aborted)
            }

            /// The verdict that sends this packet to element `key`, or `otherwise` when there is no
            /// such element.
            #[inline(always)]
            pub fn redirect_or(
                &self,
                ctx: &Xdp<'_>,
                key: u32,
                otherwise: XdpVerdict,
            ) -> XdpVerdict {
                redirect(&self.0, ctx, key, 0).unwrap_or(otherwise)
            }
        }
    };
}

/// `None` when there is no such element: the kernel gives back the verdict in the flags, 0.
#[inline(always)]
fn redirect(map: &MapDef, _ctx: &Xdp<'_>, key: u32, flags: u32) -> Option<XdpVerdict> {
    let map = map.live().ok()?;
    // SAFETY: a live map, in an invocation at XDP.
    let ret = unsafe { ffi::rex_redirect_map(map, u64::from(key), u64::from(flags)) };
    match XdpVerdict::from_redirect(ret) {
        Ok(verdict @ XdpVerdict::Redirect(_)) => Some(verdict),
        _ => None,
    }
}

redirect_map! {
    /// Interfaces by number (BPF_MAP_TYPE_DEVMAP): packets go out there.
    ///
    /// ```
    /// use rex::map::RexDevMap;
    /// use rex::prelude::*;
    ///
    /// #[rex_map]
    /// static PORTS: RexDevMap = RexDevMap::new(8, 0);
    ///
    /// #[rex_xdp]
    /// pub fn forward(ctx: &mut Xdp<'_>) -> XdpVerdict {
    ///     PORTS.redirect_or(ctx, ctx.rx_queue() % 8, XdpVerdict::Pass)
    /// }
    /// # let session = rex::mock::Session::new();
    /// # assert_eq!(session.run_xdp(forward, &mut rex::mock::Packet::new(&[0; 60])), Ok(XdpVerdict::Pass));
    /// ```
    RexDevMap, bpf_map_type_BPF_MAP_TYPE_DEVMAP
}

redirect_map! {
    /// Interfaces by any key, such as their index (BPF_MAP_TYPE_DEVMAP_HASH).
    RexDevMapHash, bpf_map_type_BPF_MAP_TYPE_DEVMAP_HASH
}

redirect_map! {
    /// CPUs (BPF_MAP_TYPE_CPUMAP): packets enter the network stack there. User space says how long
    /// the queue of each is.
    RexCpuMap, bpf_map_type_BPF_MAP_TYPE_CPUMAP
}

redirect_map! {
    /// AF_XDP sockets by receive queue (BPF_MAP_TYPE_XSKMAP): packets go to user space.
    RexXskMap, bpf_map_type_BPF_MAP_TYPE_XSKMAP
}

macro_rules! broadcast {
    ($($name:ident)*) => {
        $(impl $name {
            /// The verdict that sends a copy of this packet to each interface in the map, but with
            /// `but_ingress` not back to where it came from.
            #[inline(always)]
            pub fn broadcast(&self, ctx: &Xdp<'_>, but_ingress: bool) -> XdpVerdict {
                let but = if but_ingress { ffi::BPF_F_EXCLUDE_INGRESS } else { 0 };
                redirect(&self.0, ctx, 0, ffi::BPF_F_BROADCAST | but).unwrap_or(XdpVerdict::Aborted)
            }
        })*
    };
}
broadcast!(RexDevMap RexDevMapHash);
