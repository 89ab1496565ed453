// SPDX-License-Identifier: GPL-2.0-only
use core::marker::PhantomData;

/// The invocation of a program, as a lifetime.
///
/// Elements of hash maps may be freed once the invocation that found them is over, so a borrow of
/// one carries the lifetime `'a` of the invocation and can be stored in no static. Get it from the
/// method `scope` of a context: [`Xdp::scope`](crate::xdp::Xdp::scope) and its like.
///
/// # Invariants
/// `'a` does not outlive the invocation that runs on this CPU.
#[derive(Clone, Copy)]
pub struct Scope<'a>(PhantomData<*mut &'a ()>);

impl<'a> Scope<'a> {
    /// # Safety
    /// `'a` must end before the current invocation does.
    #[inline(always)]
    pub(crate) unsafe fn new() -> Self {
        Self(PhantomData)
    }
}
