//~ ERROR: private
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
pub fn f(raw: core::ptr::NonNull<u8>) { let _ = Xdp { raw: raw.cast(), _invocation: core::marker::PhantomData }; }
