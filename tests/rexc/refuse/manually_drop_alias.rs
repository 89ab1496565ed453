// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

static LOCK: SpinLock<u64> = SpinLock::new(0);

type Kept<T> = core::mem::ManuallyDrop<T>; //~ `ManuallyDrop` can leak

fn used() {
    let _ = Kept::new(LOCK.lock());
}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
