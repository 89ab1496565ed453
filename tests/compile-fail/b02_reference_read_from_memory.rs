//~ ERROR: is not plain data
// SPDX-License-Identifier: GPL-2.0-only
use rex::probe::{KernelAddr, read_kernel};
pub fn f(at: KernelAddr) -> &'static u8 { read_kernel::<&'static u8>(at).unwrap() }
