// SPDX-License-Identifier: GPL-2.0-only
//! The kernel's routing table: where does a packet go?
//!
//! ```
//! use rex::net::{Eth, Ipv4, ethertype};
//! use rex::prelude::*;
//! use rex::route::FibRequest;
//!
//! /// Sends IPv4 packets to their next hop, if the kernel knows one.
//! #[rex_xdp]
//! pub fn forward(ctx: &mut Xdp<'_>) -> XdpVerdict {
//!     let Some((eth, rest)) = Eth::parse(ctx.data()) else { return XdpVerdict::Pass };
//!     if eth.ethertype() != ethertype::IPV4 {
//!         return XdpVerdict::Pass;
//!     }
//!     let Some((ip, _, _)) = Ipv4::parse(rest) else { return XdpVerdict::Pass };
//!     let request = FibRequest::v4(ip.source(), ip.dest()).ifindex(ctx.ifindex());
//!     let Ok(hop) = ctx.fib_lookup(&request) else { return XdpVerdict::Pass };
//!     if let Some((eth, _)) = Eth::parse_mut(ctx.data_mut()) {
//!         eth.set_source(hop.source_mac);
//!         eth.set_dest(hop.dest_mac);
//!     }
//!     ctx.redirect(hop.ifindex).unwrap_or(XdpVerdict::Drop)
//! }
//! ```

use crate::{Errno, Result, ffi};
use core::mem::{size_of, zeroed};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

/// A question to the routing table. All numbers are in host order.
#[derive(Clone, Copy)]
pub struct FibRequest {
    params: ffi::bpf_fib_lookup,
    flags: u32,
}

/// Words as the kernel keeps an IPv6 address.
fn words(address: u128) -> [u32; 4] {
    [96, 64, 32, 0].map(|shift| ((address >> shift) as u32).to_be())
}

fn address(words: [u32; 4]) -> u128 {
    words.iter().fold(0, |all, word| all << 32 | u128::from(u32::from_be(*word)))
}

impl FibRequest {
    fn new(family: u8) -> Self {
        // SAFETY: integers, all of which may be 0.
        let mut params: ffi::bpf_fib_lookup = unsafe { zeroed() };
        params.family = family;
        Self { params, flags: 0 }
    }

    /// From `source` to `dest` over IPv4.
    #[inline]
    pub fn v4(source: u32, dest: u32) -> Self {
        let mut request = Self::new(AF_INET);
        request.params.__bindgen_anon_3.ipv4_src = source.to_be();
        request.params.__bindgen_anon_4.ipv4_dst = dest.to_be();
        request
    }

    /// From `source` to `dest` over IPv6.
    #[inline]
    pub fn v6(source: u128, dest: u128) -> Self {
        let mut request = Self::new(AF_INET6);
        request.params.__bindgen_anon_3.ipv6_src = words(source);
        request.params.__bindgen_anon_4.ipv6_dst = words(dest);
        request
    }

    /// The interface that it came in by (needed), or goes out of with [`output`](Self::output).
    #[inline]
    pub fn ifindex(mut self, ifindex: u32) -> Self {
        self.params.ifindex = ifindex;
        self
    }

    /// The IPv4 type of service.
    #[inline]
    pub fn tos(mut self, tos: u8) -> Self {
        self.params.__bindgen_anon_2.tos = tos;
        self
    }

    /// The IPv6 traffic class and flow label, as in the header's first word.
    #[inline]
    pub fn flow_info(mut self, flow: u32) -> Self {
        self.params.__bindgen_anon_2.flowinfo = (flow & 0x0fff_ffff).to_be();
        self
    }

    /// Protocol and ports, for rules that look at them.
    #[inline]
    pub fn transport(mut self, protocol: u8, source_port: u16, dest_port: u16) -> Self {
        self.params.l4_protocol = protocol;
        self.params.sport = source_port.to_be();
        self.params.dport = dest_port.to_be();
        self
    }

    /// Length of the packet from the IP header on: what is longer than the route's MTU fails.
    #[inline]
    pub fn len(mut self, len: u16) -> Self {
        self.params.__bindgen_anon_1.tot_len = len;
        self
    }

    /// Without the policy rules: only the tables `main` or [`table`](Self::table).
    #[inline]
    pub fn direct(mut self) -> Self {
        self.flags |= ffi::BPF_FIB_LOOKUP_DIRECT;
        self
    }

    /// In this table only.
    #[inline]
    pub fn table(mut self, id: u32) -> Self {
        self.params.__bindgen_anon_5.tbid = id;
        self.flags |= ffi::BPF_FIB_LOOKUP_DIRECT | ffi::BPF_FIB_LOOKUP_TBID;
        self
    }

    /// As a packet of this machine.
    #[inline]
    pub fn output(mut self) -> Self {
        self.flags |= ffi::BPF_FIB_LOOKUP_OUTPUT;
        self
    }

    /// Without link layer addresses: fills in no MAC and fails for no neighbour.
    #[inline]
    pub fn skip_neighbour(mut self) -> Self {
        self.flags |= ffi::BPF_FIB_LOOKUP_SKIP_NEIGH;
        self
    }
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextHop {
    /// The interface it goes out of.
    pub ifindex: u32,
    /// The gateway, or the destination itself.
    pub gateway: IpAddr,
    /// That interface's address.
    pub source_mac: [u8; 6],
    /// The gateway's.
    pub dest_mac: [u8; 6],
    /// The route's metric.
    pub metric: u32,
}

/// Why there is no next hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRoute {
    /// A route says: drop without a word.
    Blackhole,
    /// A route says: unreachable.
    Unreachable,
    /// A route says: prohibited.
    Prohibited,
    /// It is for this machine, or there is no route.
    NotForwarded,
    /// The interface it came in by does not forward.
    ForwardingDisabled,
    /// The route has a tunnel's encapsulation.
    Tunnel,
    /// The link layer address of the next hop is not known (yet).
    NoNeighbour {
        /// The interface it would go out of.
        ifindex: u32,
        /// The next hop.
        gateway: IpAddr,
    },
    /// It is longer than the route's MTU.
    TooLong {
        /// That MTU.
        mtu: u16,
    },
    /// There is no source address for it.
    NoSource,
    /// The question was wrong, or this kernel cannot answer it.
    Failed(Errno),
}

fn gateway(params: &ffi::bpf_fib_lookup) -> IpAddr {
    // SAFETY: plain integers in a union, all initialised.
    let (v4, v6) = unsafe { (params.__bindgen_anon_4.ipv4_dst, params.__bindgen_anon_4.ipv6_dst) };
    if params.family == AF_INET {
        IpAddr::V4(Ipv4Addr::from_bits(u32::from_be(v4)))
    } else {
        IpAddr::V6(Ipv6Addr::from_bits(address(v6)))
    }
}

/// Source and destination MAC address: the last twelve bytes, which newer headers than 6.1's have
/// in a union.
fn macs(params: &ffi::bpf_fib_lookup) -> ([u8; 6], [u8; 6]) {
    const { assert!(size_of::<ffi::bpf_fib_lookup>() == 64) };
    let bytes = (&raw const *params).cast::<u8>();
    // SAFETY: bytes 52 to 63 of 64, all initialised; arrays of bytes have no alignment.
    unsafe { (bytes.add(52).cast::<[u8; 6]>().read(), bytes.add(58).cast::<[u8; 6]>().read()) }
}

/// # Safety
/// `ctx` is the context of the running invocation, at XDP or tc.
#[inline]
pub(crate) unsafe fn lookup(
    ctx: *mut ffi::rex_ctx,
    request: &FibRequest,
) -> Result<NextHop, NoRoute> {
    let mut params = request.params;
    // SAFETY: the caller's promise; `params` has that many bytes.
    let ret = unsafe {
        ffi::rex_fib_lookup(
            ctx.cast(),
            &mut params,
            size_of::<ffi::bpf_fib_lookup>() as u32,
            request.flags,
        )
    };
    Errno::check(ret).map_err(NoRoute::Failed)?;
    Err(match ret as u32 {
        ffi::BPF_FIB_LKUP_RET_SUCCESS => {
            // SAFETY: plain integers in a union, all initialised.
            let metric = unsafe { params.__bindgen_anon_2.rt_metric };
            let (source_mac, dest_mac) = macs(&params);
            return Ok(NextHop {
                ifindex: params.ifindex,
                gateway: gateway(&params),
                source_mac,
                dest_mac,
                metric,
            });
        }
        ffi::BPF_FIB_LKUP_RET_BLACKHOLE => NoRoute::Blackhole,
        ffi::BPF_FIB_LKUP_RET_UNREACHABLE => NoRoute::Unreachable,
        ffi::BPF_FIB_LKUP_RET_PROHIBIT => NoRoute::Prohibited,
        ffi::BPF_FIB_LKUP_RET_NOT_FWDED => NoRoute::NotForwarded,
        ffi::BPF_FIB_LKUP_RET_FWD_DISABLED => NoRoute::ForwardingDisabled,
        ffi::BPF_FIB_LKUP_RET_UNSUPP_LWT => NoRoute::Tunnel,
        ffi::BPF_FIB_LKUP_RET_NO_NEIGH => {
            NoRoute::NoNeighbour { ifindex: params.ifindex, gateway: gateway(&params) }
        }
        ffi::BPF_FIB_LKUP_RET_FRAG_NEEDED => {
            // SAFETY: plain integers in a union, all initialised.
            NoRoute::TooLong { mtu: unsafe { params.__bindgen_anon_1.mtu_result } }
        }
        ffi::BPF_FIB_LKUP_RET_NO_SRC_ADDR => NoRoute::NoSource,
        _ => NoRoute::Failed(Errno::EINVAL),
    })
}
