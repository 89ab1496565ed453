// SPDX-License-Identifier: GPL-2.0-only
use super::{MapDef, MapType, sealed::Sealed};
use crate::ffi;
use core::mem::size_of;

/// Call chains, each once, under a number (BPF_MAP_TYPE_STACK_TRACE): `DEPTH` return addresses at
/// most. Tracing contexts put the current one in: `get_stackid`. User space reads them.
///
/// ```
/// use rex::map::RexStackTrace;
/// use rex::prelude::*;
///
/// #[rex_map]
/// static STACKS: RexStackTrace<32> = RexStackTrace::new(1024, 0);
/// ```
#[repr(transparent)]
pub struct RexStackTrace<const DEPTH: usize = 127>(MapDef);

impl<const DEPTH: usize> Sealed for RexStackTrace<DEPTH> {}
// SAFETY: transparent over MapDef.
unsafe impl<const DEPTH: usize> MapType for RexStackTrace<DEPTH> {}

impl<const DEPTH: usize> RexStackTrace<DEPTH> {
    /// At most `max_entries` call chains; `flags`: BPF_F_* of map creation.
    pub const fn new(max_entries: u32, flags: u32) -> Self {
        const { assert!(DEPTH > 0 && DEPTH <= 127, "1 to 127 return addresses") };
        Self(MapDef::sized(
            ffi::bpf_map_type_BPF_MAP_TYPE_STACK_TRACE,
            size_of::<u32>(),
            DEPTH * size_of::<u64>(),
            max_entries,
            flags,
        ))
    }

    /// For helpers.
    #[inline(always)]
    #[allow(dead_code)]
    pub(crate) fn def(&self) -> Result<*const ffi::rex_map_def, crate::Errno> {
        self.0.live()
    }
}
