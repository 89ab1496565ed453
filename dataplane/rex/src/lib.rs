// SPDX-License-Identifier: GPL-2.0-only
#![no_std]
pub mod ffi;
pub mod prelude {}
pub use rex_macros as _;
pub fn g(x: u32) -> u32 { let mut a = [0u8; 40]; a[0]=x as u8; a[core::hint::black_box(x) as usize] as u32 }
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! { unsafe { ffi::rex_panic(core::ptr::null(),0,0,0,core::ptr::null(),0); } loop {} }
