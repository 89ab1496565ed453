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

use entry::Hook;
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

/// A verdict as the user writes it.
macro_rules! verdict {
    (Result) => {
        "rex::Result"
    };
    ($module:ident::$verdict:ident) => {
        stringify!($verdict)
    };
}

/// The attribute of each hook.
macro_rules! hooks {
    ($(
        $(#[$doc:meta])*
        $attribute:ident($($argument:ident),*) $entry:ident $run:ident $name:ident $hook:ident:
        fn($module:ident::$ctx:ident $(, $mut:ident)?) -> $($verdict:ident)::+;
    )*) => {$(
        $(#[$doc])*
        #[proc_macro_attribute]
        pub fn $attribute(args: TokenStream, item: TokenStream) -> TokenStream {
            let hook = Hook {
                attribute: stringify!($attribute),
                signature: concat!(
                    "fn NAME(ctx: &", $(stringify!($mut), " ",)? stringify!($ctx), "<'_>) -> ",
                    verdict!($($verdict)::+),
                ),
                entry: stringify!($entry),
                record: None,
                parameters: concat!(
                    "ctx: &", $(stringify!($mut), " ",)? "::rex::", stringify!($module), "::",
                    stringify!($ctx), "<'_>",
                ),
                arguments: &["ctx"],
                verdict: concat!("::rex" $(, "::", stringify!($verdict))+),
                constructor: stringify!($name),
                options: &[$(stringify!($argument)),*],
            };
            finish(item.clone(), entry::expand(&hook, args, item))
        }
    )*};
}

include!("../hooks.rs");

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
