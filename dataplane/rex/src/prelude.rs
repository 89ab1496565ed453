// SPDX-License-Identifier: GPL-2.0-only
//! What most programs need: `use rex::prelude::*;`

pub use crate::log::Level;
pub use crate::map::{
    RexArray, RexHashMap, RexLruHashMap, RexLruPerCpuHashMap, RexPerCpuArray, RexPerCpuHashMap,
};
pub use crate::pod::{Pod, SharedBytes, SharedPod};
pub use crate::sync::{SeqCount, SpinLock};
pub use crate::tc::{Tc, TcVerdict};
pub use crate::xdp::{Xdp, XdpVerdict};
pub use crate::{Errno, Scope, printk, trace_printk};
pub use rex_macros::{Pod, SharedPod, rex_map, rex_tc, rex_xdp};
