//~ ERROR: implementation of an `unsafe` trait
// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
#[derive(Clone, Copy)]
pub struct V(bool);
unsafe impl rex::pod::AnyBits for V {}
