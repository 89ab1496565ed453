//~ ERROR: requires an `unsafe impl`
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
pub struct Mine;
impl rex::map::MapType for Mine {}
