// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
use rex::probe::{KernelAddr, read_kernel};

#[rex_xdp]
pub fn prog(_ctx: &mut Xdp<'_>) -> XdpVerdict {
    match read_kernel::<[u64; (1 << 29) + 1]>(KernelAddr(1)) { //~ at most 2 GiB - 1 can be read at once
        Ok(_) => XdpVerdict::Pass,
        Err(_) => XdpVerdict::Drop,
    }
}
