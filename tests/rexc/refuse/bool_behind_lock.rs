// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

struct State {
    open: bool,
}

static STATE: SpinLock<State> = SpinLock::new(State { open: false }); //~ cannot live in a map, a packet or a lock

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    STATE.lock().open = true;
    XdpVerdict::Pass
}
