// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

static LOCK: SpinLock<u64> = SpinLock::new(0);

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let guard = LOCK.lock();
    core::mem::forget(guard); //~ `forget` can leak
    let _ = ctx;
    XdpVerdict::Pass
}
