// SPDX-License-Identifier: GPL-2.0-only
//! A connection whose GETs hit hardly ever: to try each of them, and to follow each reply, costs
//! more than the few hits save. So most of its GETs are left to memcached untried. docs/bmc.md has
//! the numbers.

use rex::prelude::*;

/// So many GETs that memcached got begin a rest.
const LIMIT: u32 = 64;
/// An answer makes up for so many.
const HIT: u32 = 32;
/// So many GETs are not tried then,
const REST: u32 = 248;
/// and so many after them decide whether there is another rest.
const TRIALS: u32 = 8;

#[derive(Clone, Copy, Pod)]
#[repr(C)]
pub struct Bypass {
    /// GETs that memcached got, less what answers made up for.
    misses: u32,
    /// GETs that are not to be tried.
    rest: u32,
}

impl Bypass {
    pub const NONE: Self = Self { misses: 0, rest: 0 };

    /// Whether these GETs need not be tried.
    #[inline(always)]
    pub fn takes(&mut self, gets: u32) -> bool {
        let left = self.rest.saturating_sub(gets);
        self.rest = left;
        left != 0
    }

    #[inline(always)]
    pub fn is_on(&self) -> bool {
        self.rest != 0
    }

    /// memcached got so many GETs that were tried, or could have been.
    #[inline(always)]
    pub fn missed(&mut self, gets: u32) {
        self.misses = self.misses.saturating_add(gets);
        if self.misses >= LIMIT {
            *self = Self { misses: LIMIT - TRIALS, rest: REST };
        }
    }

    /// GETs were answered.
    #[inline(always)]
    pub fn hit(&mut self) {
        *self = Self { misses: self.misses.saturating_sub(HIT), rest: 0 };
    }
}
