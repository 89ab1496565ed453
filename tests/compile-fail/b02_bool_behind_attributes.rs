//~ ERROR: `bool` is not plain data
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[derive(Clone, Copy, Pod)]
#[cfg_attr(all(), repr(C))]
pub struct V {
    #[cfg(any())]
    gone: u8,
    /// Documented, and `a: u8`.
    #[cfg_attr(all(), allow(unused))]
    pub(in crate) r#bool: bool,
}
