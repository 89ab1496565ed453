// SPDX-License-Identifier: GPL-2.0-only
//! Locks.

mod seqcount;
mod spinlock;

pub use seqcount::SeqCount;
pub use spinlock::{SpinLock, SpinLockGuard};
