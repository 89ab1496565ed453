// SPDX-License-Identifier: GPL-2.0-only
// The hooks whose programs have one parameter, the context: one row each, read by the macros
// (macros/lib.rs) and by the crate (src/entry.rs), which have a macro `hooks` each. A row has the
// attribute and the arguments that it takes, the names in src/entry.rs, the number of rex_hooks.h,
// and the function's type.
hooks! {
    /// Makes a function an XDP entry of the program: `fn NAME(ctx: &mut Xdp<'_>) -> XdpVerdict`.
    ///
    /// With `#[rex_xdp(frags)]` it also takes frames of several buffers (large MTUs, receive
    /// offloads), of which `ctx.data()` is only the first part; without, the kernel does not attach it
    /// where there are such frames.
    ///
    /// With `#[rex_xdp(filter = udp(PORT, ...))]` it is for UDP datagrams to these ports: packets that
    /// are certainly others pass without a call, as if the program were not attached. `tcp` is the
    /// other protocol; without ports, any port is meant. Up to 5 ports are constants; `udp(in MAP)` has
    /// them in `static MAP: RexArray<[u16; N]>` of one element (N up to 8, in network byte order, 0 is
    /// no port), which the program and user space may change at any time. IPv6, VLAN tags, IP options,
    /// fragments and frames whose first buffer ends before the ports are not looked into: they reach
    /// the program, which therefore has to check what it gets.
    rex_xdp(frags, filter) XdpEntry run_xdp xdp rex_hook_REX_HOOK_XDP: fn(xdp::Xdp, mut) -> xdp::XdpVerdict;

    /// Makes a function a tc entry of the program: `fn NAME(ctx: &mut Tc<'_>) -> TcVerdict`.
    ///
    /// `#[rex_tc(filter = udp(PORT, ...))]`: see [`rex_xdp`](macro@crate::rex_xdp).
    rex_tc(filter) TcEntry run_tc tc rex_hook_REX_HOOK_TC: fn(tc::Tc, mut) -> tc::TcVerdict;

    /// Makes a function an entry for the packets of a cgroup of the program:
    /// `fn NAME(ctx: &mut CgroupSkb<'_>) -> CgroupVerdict`.
    rex_cgroup_skb() CgroupSkbEntry run_cgroup_skb cgroup_skb rex_hook_REX_HOOK_CGROUP_SKB:
        fn(cgroup_skb::CgroupSkb, mut) -> cgroup_skb::CgroupVerdict;

    /// Makes a function a perf event entry of the program:
    /// `fn NAME(ctx: &mut PerfEvent<'_>) -> rex::Result`.
    rex_perf_event() PerfEventEntry run_perf_event perf_event rex_hook_REX_HOOK_PERF_EVENT:
        fn(perf_event::PerfEvent, mut) -> Result;

    /// Makes a function an entry for the beginning of kernel functions of the program:
    /// `fn NAME(ctx: &Fentry<'_>) -> rex::Result`.
    rex_fentry() FentryEntry run_fentry fentry rex_hook_REX_HOOK_FENTRY: fn(fentry::Fentry) -> Result;

    /// Makes a function an entry for the end of kernel functions of the program:
    /// `fn NAME(ctx: &Fexit<'_>) -> rex::Result`.
    rex_fexit() FexitEntry run_fexit fexit rex_hook_REX_HOOK_FEXIT: fn(fentry::Fexit) -> Result;

    /// Makes a function a raw tracepoint entry of the program:
    /// `fn NAME(ctx: &RawTracepoint<'_>) -> rex::Result`.
    rex_raw_tracepoint() RawTracepointEntry run_raw_tracepoint raw_tracepoint rex_hook_REX_HOOK_RAW_TRACEPOINT:
        fn(raw_tracepoint::RawTracepoint) -> Result;
}
