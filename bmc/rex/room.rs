// SPDX-License-Identifier: GPL-2.0-only
use crate::stats::Stat;
use rex::prelude::*;

/// Bytes that were added behind the content of a frame.
pub enum Room {
    /// None were needed.
    Enough,
    /// At its end.
    Tail(i32),
    /// In front, and then the content was moved there.
    Head(i32),
}

impl Room {
    /// Makes a frame at least `len` bytes long. On an error, nothing has changed.
    ///
    /// Drivers leave room behind a frame, but a veth gives a frame from a local socket just the
    /// rest of its last cache line: then there is still the room in front.
    #[inline(always)]
    pub fn up_to(ctx: &mut Xdp<'_>, len: usize) -> Result<Self, Stat> {
        let more = len.saturating_sub(ctx.data().len());
        if more == 0 {
            return if ctx.has_frags() { Err(Stat::PassFragment) } else { Ok(Self::Enough) };
        }
        let more = i32::try_from(more).map_err(|_| Stat::PassRoom)?;
        let grown = ctx.adjust_tail(more).is_ok();
        if grown && ctx.data().len() >= len {
            return Ok(Self::Tail(more));
        }
        Self::elsewhere(ctx, more, grown)
    }

    #[cold]
    #[inline(never)]
    fn elsewhere(ctx: &mut Xdp<'_>, more: i32, grown: bool) -> Result<Self, Stat> {
        if grown {
            // Behind the fragments.
            let _ = ctx.adjust_tail(-more);
        }
        if grown || ctx.has_frags() {
            return Err(Stat::PassFragment);
        }
        Self::in_front(ctx, more).ok_or(Stat::PassRoom)
    }

    #[inline(never)]
    fn in_front(ctx: &mut Xdp<'_>, more: i32) -> Option<Self> {
        ctx.adjust_head(more.checked_neg()?).ok()?;
        let frame = ctx.data_mut();
        let start = usize::try_from(more).ok()?.min(frame.len());
        frame.copy_within(start.., 0);
        Some(Self::Head(more))
    }

    /// Makes the frame again what it was, if its content up to `end` was not changed. What is behind
    /// is padding: zeroes.
    #[cold]
    pub fn give_back(self, ctx: &mut Xdp<'_>, end: usize) {
        // Neither adjustment fails: both take away what was added.
        match self {
            Self::Enough => {}
            Self::Tail(more) => {
                let _ = ctx.adjust_tail(-more);
            }
            Self::Head(more) => {
                let frame = ctx.data_mut();
                let start = usize::try_from(more).unwrap_or(0).min(frame.len());
                frame.copy_within(..frame.len() - start, start);
                let _ = ctx.adjust_head(more);
            }
        }
        if let Some(padding) = ctx.data_mut().get_mut(end..) {
            padding.fill(0);
        }
    }
}
