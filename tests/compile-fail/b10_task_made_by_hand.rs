//~ ERROR: private
// SPDX-License-Identifier: GPL-2.0-only
pub fn f(raw: core::ptr::NonNull<u8>) { let _ = rex::task::Task(raw.cast()); }
