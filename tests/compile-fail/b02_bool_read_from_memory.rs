//~ ERROR: is not plain data
// SPDX-License-Identifier: GPL-2.0-only
use rex::probe::{KernelAddr, read_kernel};
pub fn f(at: KernelAddr) -> bool { read_kernel::<bool>(at).unwrap_or(false) }
