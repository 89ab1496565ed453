// SPDX-License-Identifier: GPL-2.0-only
//! The program itself, as rex.ko sees it.

use crate::ffi;

/// How often rex.ko enabled this program: 1 when it runs for the first time, and more whenever it
/// runs again after a crash or after it was disabled. It does not change during an invocation.
///
/// Work that was cut off can leave data half done. What was written under another generation than
/// this one may be such data, or was not looked after for a while:
///
/// ```
/// use rex::prelude::*;
/// use rex::program;
///
/// #[derive(Clone, Copy, Pod)]
/// #[repr(C)]
/// struct Checked {
///     generation: u32,
///     limit: u32,
/// }
///
/// #[rex_map]
/// static CHECKED: RexArray<Checked> = RexArray::new(1, 0);
///
/// /// What user space has found out, as long as that is good.
/// fn limit() -> Option<u32> {
///     let checked = CHECKED.get(0)?;
///     (checked.generation == program::generation()).then_some(checked.limit)
/// }
/// # let session = rex::mock::Session::new();
/// # CHECKED.set(0, Checked { generation: 1, limit: 7 });
/// # assert_eq!(limit(), Some(7));
/// # session.set_generation(2);
/// # assert_eq!(limit(), None);
/// ```
#[inline(always)]
#[must_use]
pub fn generation() -> u32 {
    // SAFETY: a word of the program's own module, which rex.ko writes while no invocation runs.
    unsafe { ffi::rex_program_generation }
}
