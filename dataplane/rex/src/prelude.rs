// SPDX-License-Identifier: GPL-2.0-only
//! What most programs need: `use rex::prelude::*;`

pub use crate::cgroup_skb::{CgroupSkb, CgroupVerdict};
pub use crate::fentry::{Fentry, Fexit};
pub use crate::kprobe::Kprobe;
pub use crate::log::Level;
pub use crate::map::{
    RexArray, RexCpuMap, RexDevMap, RexDevMapHash, RexHashMap, RexLpmTrie, RexLruHashMap,
    RexLruPerCpuHashMap, RexPerCpuArray, RexPerCpuHashMap, RexPerfEventArray, RexQueue, RexRingBuf,
    RexStack, RexStackTrace, RexXskMap,
};
pub use crate::perf_event::PerfEvent;
pub use crate::pod::{Pod, SharedBytes, SharedPod};
pub use crate::pt_regs::PtRegs;
pub use crate::raw_tracepoint::RawTracepoint;
pub use crate::stream::{Stream, StreamEvent, StreamVerdict};
pub use crate::sync::{SeqCount, SpinLock};
pub use crate::tc::{Tc, TcVerdict};
pub use crate::tracepoint::{SyscallEnter, SyscallExit, Tracepoint};
pub use crate::xdp::{Xdp, XdpVerdict};
pub use crate::{Errno, Scope, TracingContext, printk, trace_printk};
pub use rex_macros::*;
