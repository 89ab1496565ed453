//~ ERROR: implementation of an `unsafe` trait
// SPDX-License-Identifier: GPL-2.0-only
pub struct V(bool);
unsafe impl rex::pod::SharedPod for V {}
