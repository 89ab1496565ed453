//~ ERROR: `u64` cannot be borrowed from a map
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
macro_rules! value {
    ($t:ty) => {
        #[derive(SharedPod)]
        #[repr(transparent)]
        pub struct V($t);
    };
}
value!(u64);
