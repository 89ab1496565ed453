//~ ERROR: `Never` is not plain data
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[derive(Clone, Copy)]
pub enum Never {}
macro_rules! value {
    ($($v:vis $f:ident: $t:ty),*) => {
        #[derive(Clone, Copy, Pod)]
        #[repr(C)]
        pub struct V { $($v $f: $t),* }
    };
}
value! { pub(crate) a: u64, b: Never }
