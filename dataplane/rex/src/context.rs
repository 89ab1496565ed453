// SPDX-License-Identifier: GPL-2.0-only
//! What the contexts of the tracing hooks have in common.

use core::ffi::c_void;

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::kprobe::Kprobe<'_> {}
    impl Sealed for crate::tracepoint::Tracepoint<'_> {}
    impl Sealed for crate::perf_event::PerfEvent<'_> {}
    impl Sealed for crate::fentry::Fentry<'_> {}
    impl Sealed for crate::fentry::Fexit<'_> {}
    impl Sealed for crate::raw_tracepoint::RawTracepoint<'_> {}
}

/// The contexts from which stack traces and samples can be taken.
pub trait TracingContext: sealed::Sealed {
    /// What helpers take as their context.
    #[doc(hidden)]
    fn raw(&self) -> *mut c_void;
}
