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
    rex_xdp(frags) XdpEntry run_xdp xdp rex_hook_REX_HOOK_XDP: fn(xdp::Xdp, mut) -> xdp::XdpVerdict;

    /// Makes a function a tc entry of the program: `fn NAME(ctx: &mut Tc<'_>) -> TcVerdict`.
    rex_tc() TcEntry run_tc tc rex_hook_REX_HOOK_TC: fn(tc::Tc, mut) -> tc::TcVerdict;

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
