// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

/// Bytes that were added behind the content of a frame.
pub enum Room {
    /// At its end.
    Tail(i32),
    /// In front, and then the content was moved there.
    Head(i32),
}

impl Room {
    /// Adds `more` bytes behind the content of the frame. `None`, and nothing changed, when there
    /// is no room.
    ///
    /// Drivers leave room behind a frame, but a veth gives a frame from a local socket just the
    /// rest of its last cache line: then there is still the room in front.
    #[inline(always)]
    pub fn make(ctx: &mut Xdp<'_>, more: usize) -> Option<Self> {
        let more = i32::try_from(more).ok()?;
        if ctx.has_frags() {
            return None;
        }
        match ctx.adjust_tail(more) {
            Ok(()) => Some(Self::Tail(more)),
            Err(_) => Self::in_front(ctx, more),
        }
    }

    #[inline(never)]
    fn in_front(ctx: &mut Xdp<'_>, more: i32) -> Option<Self> {
        ctx.adjust_head(more.checked_neg()?).ok()?;
        let frame = ctx.data_mut();
        let start = usize::try_from(more).ok()?.min(frame.len());
        frame.copy_within(start.., 0);
        Some(Self::Head(more))
    }

    /// Makes the frame again what it was, if its content was not changed.
    #[cold]
    pub fn give_back(self, ctx: &mut Xdp<'_>) {
        // Neither adjustment fails: both take away what was added.
        match self {
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
    }
}
