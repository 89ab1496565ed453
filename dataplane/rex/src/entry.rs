// SPDX-License-Identifier: GPL-2.0-only
//! The entry table of a program: section `.rex.entries`.

use crate::cgroup_skb::CgroupVerdict;
use crate::kprobe::Kprobe;
use crate::map::RexArray;
use crate::pod::Pod;
use crate::pt_regs::PtRegs;
use crate::stream::{Stream, StreamVerdict};
use crate::tc::TcVerdict;
use crate::tracepoint::{Record, Tracepoint};
use crate::xdp::XdpVerdict;
use crate::{Result, ffi};
use core::mem::{align_of, offset_of, size_of};

/// `struct rex_entry_def`, with the function as a pointer that the linker relocates.
#[repr(C)]
pub struct EntryDef {
    name: [u8; ffi::REX_NAME_LEN as usize],
    hook: u32,
    flags: u32,
    run: unsafe extern "C" fn(*mut ffi::rex_ctx) -> i32,
    ctx_size: u32,
    filter: [u8; size_of::<ffi::rex_filter>()],
}

const _: () = {
    assert!(size_of::<EntryDef>() == size_of::<ffi::rex_entry_def>());
    assert!(offset_of!(EntryDef, hook) == offset_of!(ffi::rex_entry_def, hook));
    assert!(offset_of!(EntryDef, flags) == offset_of!(ffi::rex_entry_def, flags));
    assert!(offset_of!(EntryDef, run) == offset_of!(ffi::rex_entry_def, fn_));
    assert!(offset_of!(EntryDef, ctx_size) == offset_of!(ffi::rex_entry_def, ctx_size));
    assert!(offset_of!(EntryDef, filter) == offset_of!(ffi::rex_entry_def, filter));
    assert!(offset_of!(ffi::rex_filter, protocol) == 0);
    assert!(offset_of!(ffi::rex_filter, n_ports) == 1);
    assert!(size_of::<ffi::rex_filter>() == PORTS + 2 * MAX_PORTS);
    assert!(MAX_PORTS * 2 == ffi::REX_FILTER_MAP as usize);
};

/// What a program gives back to the kernel.
trait Verdict {
    fn number(self) -> i32;
}

impl Verdict for XdpVerdict {
    #[inline(always)]
    fn number(self) -> i32 {
        self.code()
    }
}

impl Verdict for TcVerdict {
    #[inline(always)]
    fn number(self) -> i32 {
        self.code()
    }
}

impl Verdict for CgroupVerdict {
    #[inline(always)]
    fn number(self) -> i32 {
        self as i32
    }
}

impl Verdict for StreamVerdict {
    #[inline(always)]
    fn number(self) -> i32 {
        self.code()
    }
}

impl Verdict for Result {
    #[inline(always)]
    fn number(self) -> i32 {
        match self {
            Ok(number) | Err(number) => number,
        }
    }
}

/// What a program of the hook is, and its table line.
macro_rules! hooks {
    ($(
        $(#[$doc:meta])*
        $attribute:ident($($argument:ident),*) $entry:ident $run:ident $name:ident $hook:ident:
        fn($module:ident::$ctx:ident $(, $mut:ident)?) -> $($verdict:ident)::+;
    )*) => {$(
        /// A function with the attribute of this hook.
        pub trait $entry {
            /// Runs it.
            fn run(ctx: &$($mut)? crate::$module::$ctx<'_>) -> crate::$($verdict)::+;
        }

        /// # Safety
        /// `ctx` is the context of an invocation at this hook, live and not used by anyone else
        /// until this returns.
        unsafe extern "C" fn $run<E: $entry>(ctx: *mut ffi::rex_ctx) -> i32 {
            // SAFETY: the caller's promise.
            E::run(&$($mut)? unsafe { crate::$module::$ctx::from_raw(ctx.cast()) }).number()
        }

        impl EntryDef {
            /// The table line of an entry.
            pub const fn $name<E: $entry>(name: &str) -> Self {
                Self::new(name, ffi::$hook, $run::<E>, 0)
            }
        }
    )*};
}

include!("../hooks.rs");

/// Offset of the ports, or of the map's name, in `struct rex_filter`.
const PORTS: usize = 2;
const MAX_PORTS: usize = ffi::REX_FILTER_PORTS as usize;

/// What the attribute's arguments say.
impl EntryDef {
    /// It also takes frames of several buffers.
    pub const fn frags(mut self) -> Self {
        self.flags |= ffi::REX_ENTRY_FRAGS;
        self
    }

    /// It is for packets of that protocol.
    pub const fn any_port(mut self, protocol: u8) -> Self {
        self.filter[0] = protocol;
        self
    }

    /// It is for packets of that protocol to these ports.
    pub const fn ports<const N: usize>(mut self, protocol: u8, ports: [u16; N]) -> Self {
        assert!(N > 0 && N <= MAX_PORTS, "a filter has 1 to 5 ports; a map can have 8: `in MAP`");
        self.filter[0] = protocol;
        self.filter[1] = N as u8;
        let mut i = 0;
        while i < N {
            assert!(ports[i] != 0, "0 is no port");
            let [low, high] = ports[i].to_ne_bytes();
            self.filter[PORTS + 2 * i] = low;
            self.filter[PORTS + 2 * i + 1] = high;
            i += 1;
        }
        self
    }

    /// It is for packets of that protocol to the ports in this map.
    pub const fn ports_in<const N: usize>(
        mut self,
        protocol: u8,
        _map: &RexArray<[u16; N]>,
        name: &str,
    ) -> Self {
        const { assert!(N > 0 && N <= ffi::REX_FILTER_MAP_PORTS as usize, "1 to 8 ports") };
        self.filter[0] = protocol;
        let name = name.as_bytes();
        let mut i = 0;
        while i < name.len() {
            self.filter[PORTS + i] = name[i];
            i += 1;
        }
        self
    }
}

/// A function marked `#[rex_kprobe]`.
pub trait KprobeEntry {
    /// Runs it.
    fn run(obj: &Kprobe<'_>, ctx: &mut PtRegs) -> Result;
}

/// # Safety
/// `ctx` is the context of an invocation at a kprobe hook, live until this returns, and changed by
/// nobody but rex_override_return().
unsafe extern "C" fn run_kprobe<E: KprobeEntry>(ctx: *mut ffi::rex_ctx) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { E::run(&Kprobe::from_raw(ctx.cast()), PtRegs::from_raw_mut(ctx.cast())) }.number()
}

/// A function marked `#[rex_tracepoint]`.
pub trait TracepointEntry {
    /// What it takes the tracepoint's record for.
    type Record: Record;
    /// Runs it.
    fn run(obj: &Tracepoint<'_>, ctx: &Self::Record) -> Result;
}

/// # Safety
/// `ctx` is a record of at least `E::Record::SIZE` bytes, live and not written until this returns.
unsafe extern "C" fn run_tracepoint<E: TracepointEntry>(ctx: *mut ffi::rex_ctx) -> i32 {
    // SAFETY: the caller's promise, and trait Record.
    unsafe { E::run(&Tracepoint::from_raw(ctx.cast()), &*ctx.cast()) }.number()
}

/// A function marked `#[rex_stream]`.
pub trait StreamEntry {
    /// Its record of each socket.
    type Record: Pod;
    /// Runs it.
    fn run(ctx: &mut Stream<'_, Self::Record>) -> StreamVerdict;
}

/// # Safety
/// `ctx` is the context of an invocation at a socket that has a record of `E::Record`, live and not
/// used by anyone else until this returns.
unsafe extern "C" fn run_stream<E: StreamEntry>(ctx: *mut ffi::rex_ctx) -> i32 {
    // SAFETY: the caller's promise.
    E::run(&mut unsafe { Stream::from_raw(ctx.cast()) }).number()
}

impl EntryDef {
    /// The table line of a kprobe entry.
    pub const fn kprobe<E: KprobeEntry>(name: &str) -> Self {
        Self::new(name, ffi::rex_hook_REX_HOOK_KPROBE, run_kprobe::<E>, 0)
    }

    /// The table line of a tracepoint entry.
    pub const fn tracepoint<E: TracepointEntry>(name: &str) -> Self {
        const {
            assert!(align_of::<E::Record>() <= 8, "a tracepoint's record is aligned to 8 bytes");
            assert!(E::Record::SIZE <= 8192, "a tracepoint's record has at most 8192 bytes");
        }
        let size = E::Record::SIZE as u32;
        Self::new(name, ffi::rex_hook_REX_HOOK_TRACEPOINT, run_tracepoint::<E>, size)
    }

    /// The table line of a stream entry.
    pub const fn stream<E: StreamEntry>(name: &str) -> Self {
        const {
            assert!(align_of::<E::Record>() <= 8, "a socket's record is aligned to 8 bytes");
            let max = ffi::REX_STREAM_RECORD as usize;
            assert!(size_of::<E::Record>() <= max, "a socket's record has at most 4096 bytes");
        }
        let size = size_of::<E::Record>() as u32;
        Self::new(name, ffi::rex_hook_REX_HOOK_STREAM, run_stream::<E>, size)
    }

    const fn new(
        name: &str,
        hook: u32,
        run: unsafe extern "C" fn(*mut ffi::rex_ctx) -> i32,
        ctx_size: u32,
    ) -> Self {
        Self {
            name: ffi::padded(name),
            hook,
            flags: 0,
            run,
            ctx_size,
            filter: [0; size_of::<ffi::rex_filter>()],
        }
    }
}
