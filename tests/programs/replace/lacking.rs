// SPDX-License-Identifier: GPL-2.0-only
//! Cannot take the place of one.rs while that is attached: `incoming` is for another hook here.
#![no_std]
use rex::prelude::*;

#[rex_tc]
pub fn incoming(_ctx: &mut Tc<'_>) -> TcVerdict {
    TcVerdict::Ok
}

#[rex_tc]
pub fn outgoing(_ctx: &mut Tc<'_>) -> TcVerdict {
    TcVerdict::Ok
}
