// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

static LOCK: SpinLock<u64> = SpinLock::new(0);

macro_rules! call {
    (. $f:ident $e:expr) => {
        core::mem::$f($e) //~ `forget` can leak
    };
}

fn used() {
    call!(.forget LOCK.lock());
}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
