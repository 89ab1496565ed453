// SPDX-License-Identifier: GPL-2.0-only
//! unsafe in a doc comment, mem::forget too.
use rex::prelude::*;

/* unsafe { /* nested: 1.5 */ asm!() } */
const TEXT: &str = "unsafe { core::mem::forget(1.5f64) }";
const RAW: &str = r#"extern "C" { } unsafe "#;
const BYTES: &[u8] = b"unsafe \" ManuallyDrop";
const QUOTE: char = '"';
const TICK: char = '\'';

struct Notes<'a> {
    r#unsafe: (u32, (u32, u32)),
    forget: &'a [u8],
}

impl<'a> Notes<'a> {
    fn forget(&self) -> usize {
        self.forget.len()
    }
}

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let notes = Notes { r#unsafe: (1, (2, 3)), forget: ctx.data() };
    let n = notes.r#unsafe.1.0 as usize + (0..3).sum::<usize>() + 0xe5 + 1usize;
    if notes.forget() + n + TEXT.len() + RAW.len() + BYTES.len() == QUOTE as usize + TICK as usize {
        return XdpVerdict::Drop;
    }
    XdpVerdict::Pass
}
