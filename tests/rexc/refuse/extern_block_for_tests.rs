// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

macro_rules! declare {
    (#[$test:meta] mod $name:ident { $($item:tt)* }) => {
        $($item)*
    };
}

// For tests, it says, but the macro does not pass that on.
declare! {
    #[cfg(test)]
    mod tests {
        unsafe extern "C" { //~ `extern` block
            safe fn memset(to: *mut u8, c: i32, n: usize) -> *mut u8;
        }
    }
}

fn used() {
    memset(core::ptr::null_mut(), 0, 1);
}

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    used();
    XdpVerdict::Pass
}
