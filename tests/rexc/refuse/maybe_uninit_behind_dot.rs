// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

static LOCK: SpinLock<u64> = SpinLock::new(0);

macro_rules! keep {
    (. $t:ident $e:expr) => {
        core::mem::$t::new($e) //~ `MaybeUninit` can leak
    };
}

fn used() {
    let _ = keep!(.MaybeUninit LOCK.lock());
}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
