//~ ERROR: private
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
pub fn f() { let _ = Scope(core::marker::PhantomData); }
