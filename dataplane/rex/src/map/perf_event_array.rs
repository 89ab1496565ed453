// SPDX-License-Identifier: GPL-2.0-only
use super::{MapDef, MapType, sealed::Sealed, value_size};
use crate::cgroup_skb::CgroupSkb;
use crate::context::TracingContext;
use crate::pod::Pod;
use crate::tc::Tc;
use crate::xdp::Xdp;
use crate::{Errno, ffi};
use core::ffi::c_void;
use core::mem::size_of;

/// Records for the readers of perf events, one per CPU (BPF_MAP_TYPE_PERF_EVENT_ARRAY). User space
/// opens a perf event per CPU (PERF_COUNT_SW_BPF_OUTPUT) and puts it into the map, as
/// `bpftool map event_pipe` does. Where it is up to you, prefer [`RexRingBuf`](super::RexRingBuf):
/// one buffer for all CPUs, in order.
///
/// ```
/// use rex::map::CURRENT_CPU;
/// use rex::prelude::*;
///
/// #[rex_map]
/// static EVENTS: RexPerfEventArray = RexPerfEventArray::new(256, 0);
///
/// #[rex_xdp]
/// pub fn lengths(ctx: &mut Xdp<'_>) -> XdpVerdict {
///     let len = ctx.data().len() as u64;
///     let _ = EVENTS.output(ctx, CURRENT_CPU, &len);
///     XdpVerdict::Pass
/// }
/// # let session = rex::mock::Session::new();
/// # assert_eq!(session.run_xdp(lengths, &mut rex::mock::Packet::new(&[0; 60])), Ok(XdpVerdict::Pass));
/// # assert_eq!(session.records(&EVENTS), [[60, 0, 0, 0, 0, 0, 0, 0]]);
/// ```
#[repr(transparent)]
pub struct RexPerfEventArray(MapDef);

impl Sealed for RexPerfEventArray {}
// SAFETY: transparent over MapDef.
unsafe impl MapType for RexPerfEventArray {}

/// Flag of [`RexPerfEventArray::output`]: to the reader of the CPU that the program runs on. Other
/// values are numbers of CPUs, whose events this CPU cannot write to.
pub const CURRENT_CPU: u64 = ffi::BPF_F_CURRENT_CPU as u64;

/// The contexts of hooks, which a record comes from.
pub trait OutputContext: Sealed {
    /// What helpers take as their context.
    #[doc(hidden)]
    fn raw(&self) -> *mut c_void;
}

impl Sealed for Xdp<'_> {}
impl OutputContext for Xdp<'_> {
    #[inline(always)]
    fn raw(&self) -> *mut c_void {
        self.raw.as_ptr().cast()
    }
}

impl Sealed for CgroupSkb<'_> {}
impl OutputContext for CgroupSkb<'_> {
    #[inline(always)]
    fn raw(&self) -> *mut c_void {
        self.raw.as_ptr().cast()
    }
}

impl<T: TracingContext> Sealed for T {}
impl<T: TracingContext> OutputContext for T {
    #[inline(always)]
    fn raw(&self) -> *mut c_void {
        TracingContext::raw(self)
    }
}

impl Sealed for Tc<'_> {}
impl OutputContext for Tc<'_> {
    #[inline(always)]
    fn raw(&self) -> *mut c_void {
        self.raw.as_ptr().cast()
    }
}

impl RexPerfEventArray {
    /// For the CPUs with numbers below `max_entries`; `flags`: BPF_F_* of map creation.
    pub const fn new(max_entries: u32, flags: u32) -> Self {
        Self(MapDef::sized(
            ffi::bpf_map_type_BPF_MAP_TYPE_PERF_EVENT_ARRAY,
            size_of::<u32>(),
            size_of::<u32>(),
            max_entries,
            flags,
        ))
    }

    /// Writes `value` as a record. `flags`: [`CURRENT_CPU`]; at packet hooks, in bits 32 to 51, how
    /// many bytes of the packet are to follow. ENOENT when nobody reads, EBUSY when nested too deep.
    #[inline(always)]
    pub fn output<C: OutputContext, T: Pod>(
        &self,
        ctx: &C,
        flags: u64,
        value: &T,
    ) -> Result<(), Errno> {
        let _ = const { value_size::<T>() };
        self.write(ctx, flags, (&raw const *value).cast(), size_of::<T>())
    }

    /// [`output`](Self::output) of bytes.
    #[inline(always)]
    pub fn output_bytes<C: OutputContext>(
        &self,
        ctx: &C,
        flags: u64,
        bytes: &[u8],
    ) -> Result<(), Errno> {
        self.write(ctx, flags, bytes.as_ptr(), bytes.len())
    }

    #[inline(always)]
    fn write<C: OutputContext>(
        &self,
        ctx: &C,
        flags: u64,
        from: *const u8,
        len: usize,
    ) -> Result<(), Errno> {
        let map = self.0.live()?;
        // SAFETY: a live map, the context of this invocation, and so many initialised bytes that
        // the caller borrows.
        Errno::check(unsafe {
            ffi::rex_perf_event_output(ctx.raw(), map, flags, from.cast(), len as u64)
        })
    }
}
