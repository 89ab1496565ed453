// SPDX-License-Identifier: GPL-2.0-only
//! The entry table of a program: section `.rex.entries`.

use crate::ffi;
use crate::tc::{Tc, TcVerdict};
use crate::xdp::{Xdp, XdpVerdict};
use core::mem::{offset_of, size_of};

/// `struct rex_entry_def`, with the function as a pointer that the linker relocates.
#[repr(C)]
pub struct EntryDef {
    name: [u8; ffi::REX_NAME_LEN as usize],
    hook: u32,
    flags: u32,
    run: unsafe extern "C" fn(*mut ffi::rex_ctx) -> i32,
    ctx_size: u32,
    reserved: [u32; 3],
}

const _: () = {
    assert!(size_of::<EntryDef>() == size_of::<ffi::rex_entry_def>());
    assert!(offset_of!(EntryDef, hook) == offset_of!(ffi::rex_entry_def, hook));
    assert!(offset_of!(EntryDef, flags) == offset_of!(ffi::rex_entry_def, flags));
    assert!(offset_of!(EntryDef, run) == offset_of!(ffi::rex_entry_def, fn_));
    assert!(offset_of!(EntryDef, ctx_size) == offset_of!(ffi::rex_entry_def, ctx_size));
};

/// A function marked `#[rex_xdp]`.
pub trait XdpEntry {
    /// Runs it.
    fn run(ctx: &mut Xdp<'_>) -> XdpVerdict;
}

/// A function marked `#[rex_tc]`.
pub trait TcEntry {
    /// Runs it.
    fn run(ctx: &mut Tc<'_>) -> TcVerdict;
}

/// # Safety
/// `ctx` is the context of an XDP invocation, live and not used by anyone else until this returns.
unsafe extern "C" fn run_xdp<E: XdpEntry>(ctx: *mut ffi::rex_ctx) -> i32 {
    // SAFETY: the caller's promise.
    E::run(&mut unsafe { Xdp::from_raw(ctx) }) as i32
}

/// # Safety
/// `ctx` is the context of a tc invocation, live and not used by anyone else until this returns.
unsafe extern "C" fn run_tc<E: TcEntry>(ctx: *mut ffi::rex_ctx) -> i32 {
    // SAFETY: the caller's promise.
    E::run(&mut unsafe { Tc::from_raw(ctx) }) as i32
}

impl EntryDef {
    /// The table line of an XDP entry.
    pub const fn xdp<E: XdpEntry>(name: &str) -> Self {
        Self::new(name, ffi::rex_hook_REX_HOOK_XDP, run_xdp::<E>)
    }

    /// The table line of a tc entry.
    pub const fn tc<E: TcEntry>(name: &str) -> Self {
        Self::new(name, ffi::rex_hook_REX_HOOK_TC, run_tc::<E>)
    }

    const fn new(
        name: &str,
        hook: u32,
        run: unsafe extern "C" fn(*mut ffi::rex_ctx) -> i32,
    ) -> Self {
        Self { name: padded(name), hook, flags: 0, run, ctx_size: 0, reserved: [0; 3] }
    }
}

/// `text`, followed by at least one NUL. The macros have checked the length.
pub(crate) const fn padded<const N: usize>(text: &str) -> [u8; N] {
    let from = text.as_bytes();
    assert!(from.len() < N, "name too long");
    let mut to = [0; N];
    let mut i = 0;
    while i < from.len() {
        to[i] = from[i];
        i += 1;
    }
    to
}
