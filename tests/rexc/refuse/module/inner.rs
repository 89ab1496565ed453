// SPDX-License-Identifier: GPL-2.0-only
pub fn first(data: &[u8]) -> u8 {
    unsafe { *data.get_unchecked(0) } //~ `unsafe` block in a program
}
