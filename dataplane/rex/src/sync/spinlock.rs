// SPDX-License-Identifier: GPL-2.0-only
use crate::pod::AnyBits;
use crate::{Errno, Result, ffi};
use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

/// A spin lock around data in a static of the program.
///
/// ```
/// use rex::prelude::*;
/// # let _session = rex::mock::Session::new();
///
/// static TOTAL: SpinLock<u64> = SpinLock::new(0);
///
/// *TOTAL.lock() += 1;
/// assert_eq!(*TOTAL.lock(), 1);
/// ```
///
/// Several locks may be held at once (16 at most); a deadlock among them ends with the program's
/// time budget. rex.ko releases what is held when the invocation ends in whatever way, and then
/// `T` may be half-written: that is why it must be [`AnyBits`].
///
/// # Invariants
/// `data` is accessed only through a guard, of which one at most is alive: guards come from an
/// acquisition of `word`, which fails while this CPU holds it. A guard that is forgotten leaves
/// `word` locked until the end of the invocation, when no borrow of `data` can be alive.
pub struct SpinLock<T> {
    word: UnsafeCell<u32>,
    data: UnsafeCell<T>,
}

// SAFETY: the lock gives the data to one CPU at a time.
unsafe impl<T: Send> Sync for SpinLock<T> {}

impl<T: AnyBits + Send> SpinLock<T> {
    /// An unlocked lock.
    pub const fn new(data: T) -> Self {
        Self { word: UnsafeCell::new(0), data: UnsafeCell::new(data) }
    }

    /// Waits for the lock and takes it.
    ///
    /// Only for statics: rex.ko remembers the address until the lock is released.
    ///
    /// # Panics
    /// When this CPU holds the lock already, be it in this invocation or in one that it
    /// interrupted, and when the invocation holds too many.
    #[inline]
    #[track_caller]
    pub fn lock(&'static self) -> SpinLockGuard<T> {
        // SAFETY: the word is static and 0 at first; only rex.ko writes it.
        match Errno::check(unsafe { ffi::rex_spin_lock(self.word.get()) }) {
            Ok(()) => SpinLockGuard { lock: self, _not_send: PhantomData },
            Err(error) => refused(error),
        }
    }

    /// Takes the lock if nobody holds it.
    #[inline]
    pub fn try_lock(&'static self) -> Option<SpinLockGuard<T>> {
        // SAFETY: as in lock().
        match Errno::check(unsafe { ffi::rex_spin_trylock(self.word.get()) }) {
            Ok(()) => Some(SpinLockGuard { lock: self, _not_send: PhantomData }),
            Err(_) => None,
        }
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn refused(error: Errno) -> ! {
    match error {
        Errno::EDEADLK => panic!("spin lock is already held on this CPU"),
        Errno::ENOSPC => panic!("more than 16 locks and records held at once"),
        _ => panic!("spin lock cannot be taken"),
    }
}

/// The right to the data of a [`SpinLock`]; dropping it releases the lock.
pub struct SpinLockGuard<T: 'static> {
    lock: &'static SpinLock<T>,
    // The lock belongs to this invocation: a guard can be put in no static.
    _not_send: PhantomData<*mut ()>,
}

// SAFETY: a shared guard gives just &T.
unsafe impl<T: Sync> Sync for SpinLockGuard<T> {}

impl<T> Deref for SpinLockGuard<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: lock invariant: this is the only guard.
        unsafe { &*self.lock.data.get() }
    }
}

impl<T> DerefMut for SpinLockGuard<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: lock invariant: this is the only guard.
        unsafe { &mut *self.lock.data.get() }
    }
}

impl<T> Drop for SpinLockGuard<T> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: the word was locked by this invocation.
        let result: Result<(), Errno> =
            Errno::check(unsafe { ffi::rex_spin_unlock(self.lock.word.get()) });
        debug_assert!(result.is_ok());
    }
}
