// SPDX-License-Identifier: GPL-2.0-only
//! The macros of the `rex` crate, which re-exports and documents them.
//!
//! Rules of the house, because programs are compiled with `-Funsafe_code` and the lint does not
//! look into the output of foreign macros: tokens of the user are passed on with their own spans,
//! and never end up within an `unsafe` block, function or attribute of ours.
//!
//! No dependencies: syn and quote would drag cargo into the build. Output is made as text where it
//! holds nothing of the user, so that `::rex` paths and keywords read as they are.

extern crate proc_macro;

mod derive;
mod entry;
mod map;
mod tokens;

use proc_macro::TokenStream;
use tokens::Error;

/// Output of a macro, or a compile error at the right place along with the untouched item.
fn finish(item: TokenStream, result: Result<TokenStream, Error>) -> TokenStream {
    result.unwrap_or_else(|error| {
        let mut out = error.to_compile_error();
        out.extend(item);
        out
    })
}

/// Makes a function an XDP entry of the program: `fn NAME(ctx: &mut Xdp<'_>) -> XdpVerdict`.
///
/// With `#[rex_xdp(frags)]` it also takes frames of several buffers (large MTUs, receive
/// offloads), of which `ctx.data()` is only the first part; without, the kernel does not attach it
/// where there are such frames.
#[proc_macro_attribute]
pub fn rex_xdp(args: TokenStream, item: TokenStream) -> TokenStream {
    finish(item.clone(), entry::expand(&entry::XDP, args, item))
}

/// Makes a function a tc entry of the program: `fn NAME(ctx: &mut Tc<'_>) -> TcVerdict`.
#[proc_macro_attribute]
pub fn rex_tc(args: TokenStream, item: TokenStream) -> TokenStream {
    finish(item.clone(), entry::expand(&entry::TC, args, item))
}

/// Makes a function an entry for kprobes, kretprobes, uprobes and uretprobes of the program:
/// `fn NAME(obj: &Kprobe, ctx: &mut PtRegs) -> rex::Result`.
#[proc_macro_attribute]
pub fn rex_kprobe(args: TokenStream, item: TokenStream) -> TokenStream {
    finish(item.clone(), entry::expand(&entry::KPROBE, args, item))
}

/// Makes a function a tracepoint entry of the program:
/// `fn NAME(obj: &Tracepoint, ctx: &RECORD) -> rex::Result`.
#[proc_macro_attribute]
pub fn rex_tracepoint(args: TokenStream, item: TokenStream) -> TokenStream {
    finish(item.clone(), entry::expand(&entry::TRACEPOINT, args, item))
}

/// Makes a function a perf event entry of the program:
/// `fn NAME(ctx: &mut PerfEvent<'_>) -> rex::Result`.
#[proc_macro_attribute]
pub fn rex_perf_event(args: TokenStream, item: TokenStream) -> TokenStream {
    finish(item.clone(), entry::expand(&entry::PERF_EVENT, args, item))
}

/// Makes a function an entry for the beginning of kernel functions of the program:
/// `fn NAME(ctx: &Fentry<'_>) -> rex::Result`.
#[proc_macro_attribute]
pub fn rex_fentry(args: TokenStream, item: TokenStream) -> TokenStream {
    finish(item.clone(), entry::expand(&entry::FENTRY, args, item))
}

/// Makes a function an entry for the end of kernel functions of the program:
/// `fn NAME(ctx: &Fexit<'_>) -> rex::Result`.
#[proc_macro_attribute]
pub fn rex_fexit(args: TokenStream, item: TokenStream) -> TokenStream {
    finish(item.clone(), entry::expand(&entry::FEXIT, args, item))
}

/// Makes a function a raw tracepoint entry of the program:
/// `fn NAME(ctx: &RawTracepoint<'_>) -> rex::Result`.
#[proc_macro_attribute]
pub fn rex_raw_tracepoint(args: TokenStream, item: TokenStream) -> TokenStream {
    finish(item.clone(), entry::expand(&entry::RAW_TRACEPOINT, args, item))
}

/// Makes a function an entry for the packets of a cgroup of the program:
/// `fn NAME(ctx: &mut CgroupSkb<'_>) -> CgroupVerdict`.
#[proc_macro_attribute]
pub fn rex_cgroup_skb(args: TokenStream, item: TokenStream) -> TokenStream {
    finish(item.clone(), entry::expand(&entry::CGROUP_SKB, args, item))
}

/// Makes a function an entry for the sockets of a server of the program:
/// `fn NAME(ctx: &mut Stream<'_, RECORD>) -> StreamVerdict`, or `&mut Stream<'_>` without a record.
#[proc_macro_attribute]
pub fn rex_stream(args: TokenStream, item: TokenStream) -> TokenStream {
    finish(item.clone(), entry::expand(&entry::STREAM, args, item))
}

/// Makes a static a map of the program: `static NAME: RexArray<u64> = RexArray::new(16, 0);`. The
/// map's name is that of the static, which has 15 characters at most.
#[proc_macro_attribute]
pub fn rex_map(args: TokenStream, item: TokenStream) -> TokenStream {
    finish(item.clone(), map::expand(args, item))
}

/// Plain data: a `#[repr(C)]` struct of [`Pod`] fields without padding.
#[proc_macro_derive(Pod)]
pub fn derive_pod(item: TokenStream) -> TokenStream {
    derive::expand(&derive::POD, item).unwrap_or_else(|error| error.to_compile_error())
}

/// Shared data: a `#[repr(C)]` struct of [`SharedPod`] fields without padding.
#[proc_macro_derive(SharedPod)]
pub fn derive_shared_pod(item: TokenStream) -> TokenStream {
    derive::expand(&derive::SHARED_POD, item).unwrap_or_else(|error| error.to_compile_error())
}
