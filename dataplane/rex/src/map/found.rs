// SPDX-License-Identifier: GPL-2.0-only
use super::{read, sealed::Sealed, write};
use crate::pod::{AtomicPod, Pod, SharedPod};
use crate::{Errno, Scope};
use core::marker::PhantomData;
use core::ptr::NonNull;

/// What a look-up found, perhaps nothing: the place of a value, good for the invocation `'a`.
///
/// Others may change the value at any time, so it is never a plain reference. Copy it
/// ([`cloned`](Self::cloned)), change it in place ([`atomic`](Self::atomic), [`set`](Self::set)),
/// or borrow it when its type is made for that ([`as_shared`](Self::as_shared)).
///
/// ```
/// use rex::map::Lookup;
/// use rex::prelude::*;
/// use std::sync::atomic::Ordering::Relaxed;
///
/// #[rex_map]
/// static HITS: RexHashMap<u32, u64> = RexHashMap::new(16, 0);
///
/// fn hit(ctx: &Xdp<'_>) -> Option<u64> {
///     let found = HITS.find(ctx.scope(), &ctx.ifindex());
///     found.atomic()?.fetch_add(1, Relaxed);
///     found.cloned()
/// }
/// ```
///
/// # Invariants
/// `at` points to a value of a live map: of V's size, 8-byte aligned, allocated during `'a`, and
/// accessed by nobody except atomically, volatilely or in assembly.
pub struct Found<'a, V> {
    at: Option<NonNull<V>>,
    _invocation: PhantomData<Scope<'a>>,
}

impl<V> Clone for Found<'_, V> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Found<'_, V> {}

impl<'a, V> Found<'a, V> {
    /// # Safety
    /// As the type's invariants say.
    #[inline(always)]
    pub(super) unsafe fn new(at: Option<NonNull<V>>) -> Self {
        Self { at, _invocation: PhantomData }
    }

    /// Whether there is such an element.
    #[inline(always)]
    pub fn is_some(&self) -> bool {
        self.at.is_some()
    }

    /// Whether there is no such element.
    #[inline(always)]
    pub fn is_none(&self) -> bool {
        self.at.is_none()
    }
}

impl<'a, V: Pod> Found<'a, V> {
    /// A copy of the value, as it is now. Words of 8 aligned bytes are whole, a larger value may
    /// be a mixture when somebody writes it at the same time.
    #[inline(always)]
    pub fn cloned(&self) -> Option<V> {
        // SAFETY: type invariant.
        self.at.map(|at| unsafe { read(at.as_ptr().cast()) })
    }

    /// The same as [`cloned`](Self::cloned).
    #[inline(always)]
    pub fn copied(&self) -> Option<V> {
        self.cloned()
    }

    /// Overwrites the value; false when there is no such element.
    #[inline(always)]
    pub fn set(&self, value: V) -> bool {
        // SAFETY: type invariant.
        self.at.map(|at| unsafe { write(at.as_ptr().cast(), &value) }).is_some()
    }
}

impl<'a, V: AtomicPod> Found<'a, V> {
    /// The integer as an atomic one.
    #[inline(always)]
    pub fn atomic(&self) -> Option<&'a V::Atomic> {
        // SAFETY: type invariant, and AtomicPod: of the same size, aligned to 8 bytes at most.
        self.at.map(|at| unsafe { at.cast().as_ref() })
    }
}

impl<'a, V: SharedPod> Found<'a, V> {
    /// Borrows the value. When the element is removed meanwhile, the memory may already serve
    /// another one.
    #[inline(always)]
    pub fn as_shared(&self) -> Option<&'a V> {
        // SAFETY: type invariant; everybody may change it: V is SharedPod.
        self.at.map(|at| unsafe { at.as_ref() })
    }
}

/// Maps whose elements are looked up by key.
pub trait Lookup: Sealed {
    /// What elements are found by.
    type Key;
    /// What they hold.
    type Value;

    /// Looks an element up.
    fn find<'a>(&self, scope: Scope<'a>, key: &Self::Key) -> Found<'a, Self::Value>;
}

/// Maps whose elements a program adds, changes and removes by key.
pub trait Update: Lookup {
    /// Sets an element to a copy of `value`. `flags`: [`ANY`](super::ANY), or only a new element
    /// ([`NOEXIST`](super::NOEXIST)), or only one that is there ([`EXIST`](super::EXIST)).
    fn update(&self, key: &Self::Key, value: &Self::Value, flags: u64) -> Result<(), Errno>;

    /// Removes an element; ENOENT when there is none, EINVAL where none can be removed (arrays).
    fn delete(&self, key: &Self::Key) -> Result<(), Errno>;
}
