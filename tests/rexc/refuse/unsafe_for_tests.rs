// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

macro_rules! declare {
    (#[$test:meta] $item:item) => {
        $item
    };
}

// For tests, it says, but the macro does not pass that on.
declare! {
    #[cfg(test)]
    fn used() -> u8 {
        unsafe { *core::ptr::null() } //~ usage of an `unsafe` block
    }
}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
