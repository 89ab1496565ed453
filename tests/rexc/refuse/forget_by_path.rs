// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

static LOCK: SpinLock<u64> = SpinLock::new(0);

macro_rules! call {
    ($f:path, $e:expr) => {{
        let f = $f;
        f($e)
    }};
}

fn used() {
    call!(r#core::r#mem /* here */ ::r#forget, LOCK.lock()); //~ `forget` can leak
}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
