//~ ERROR: cannot be shared between threads safely
// SPDX-License-Identifier: GPL-2.0-only
use rex::map::Record;
pub static R: core::cell::Cell<Option<Record<u64>>> = core::cell::Cell::new(None);
