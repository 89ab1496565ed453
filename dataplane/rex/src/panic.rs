// SPDX-License-Identifier: GPL-2.0-only
//! A panic ends the invocation in rex.ko, which releases what it holds and crash-stops the program.

use crate::ffi;

// The message is never formatted: user code (Display) must not run here, and formatting would make
// the stack of every program that can panic unbounded.
#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    let (file, line, column) = match info.location() {
        Some(at) => (at.file(), at.line(), at.column()),
        None => ("", 0, 0),
    };
    let message = info.message().as_str().unwrap_or("(a message with values: see the source line)");
    // SAFETY: both texts are live and of the given lengths.
    unsafe {
        ffi::rex_panic(
            file.as_ptr().cast(),
            file.len() as u64,
            line,
            column,
            message.as_ptr().cast(),
            message.len() as u64,
        );
    }
    // rex_panic does not come back; the type says otherwise for objtool's sake.
    // SAFETY: ud2 traps.
    unsafe { core::arch::asm!("ud2", options(noreturn, nostack)) }
}
