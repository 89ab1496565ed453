//~ ERROR: cannot be shared between threads safely
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
pub static T: Option<rex::task::Task> = None;
