//~ ERROR: private
// SPDX-License-Identifier: GPL-2.0-only
use rex::map::Record;
pub fn f(at: core::ptr::NonNull<u64>) { Record { at, _not_send: core::marker::PhantomData }.submit() }
