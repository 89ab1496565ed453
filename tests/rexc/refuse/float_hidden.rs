// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

use core::time::Duration;

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let a = Duration::from_nanos(rex::time::ktime_ns());
    let b = Duration::from_nanos(ctx.data().len() as u64);
    let ratio = a.div_duration_f32(b); //~ floating point (`__
    if ratio as i32 == 3 {
        return XdpVerdict::Drop;
    }
    XdpVerdict::Pass
}
