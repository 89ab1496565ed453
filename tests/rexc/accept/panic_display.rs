// SPDX-License-Identifier: GPL-2.0-only
use core::fmt;
use rex::prelude::*;

/// Formatting it would never end, or panic again.
struct Evil(u8);

impl fmt::Display for Evil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 7 {
            panic!("{}", Evil(self.0));
        }
        loop {
            write!(f, "{}", self.0)?;
        }
    }
}

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    match ctx.data() {
        [first, ..] => panic!("{}", Evil(*first)),
        [] => XdpVerdict::Pass,
    }
}
