// SPDX-License-Identifier: GPL-2.0-only
//! Endless loops whose time goes into comparing, copying and filling memory. kmod-stop.t looks at
//! the names: OPERATION_BYTES.
#![no_std]
use core::hint::black_box;
use rex::prelude::*;

const LONG: usize = 16 << 20;

static PAIR: SpinLock<[[u8; LONG]; 2]> = SpinLock::new([[0; LONG]; 2]);

#[inline(always)]
fn forever(len: usize, mut once: impl FnMut(&mut [u8], &mut [u8])) -> XdpVerdict {
    let mut pair = PAIR.lock();
    let (a, b) = pair.split_at_mut(1);
    while black_box(true) {
        once(&mut a[0][..black_box(len)], &mut b[0][..black_box(len)]);
    }
    XdpVerdict::Drop
}

macro_rules! loops {
    ($($len:literal: $compare:ident $copy:ident $fill:ident $shift:ident $probe:ident)*) => {$(
        #[rex_xdp]
        pub fn $compare(_ctx: &mut Xdp<'_>) -> XdpVerdict {
            forever($len, |a, b| {
                black_box(*a == *b);
            })
        }

        #[rex_xdp]
        pub fn $copy(_ctx: &mut Xdp<'_>) -> XdpVerdict {
            forever($len, |a, b| a.copy_from_slice(b))
        }

        #[rex_xdp]
        pub fn $fill(_ctx: &mut Xdp<'_>) -> XdpVerdict {
            forever($len, |a, _| a.fill(black_box(7)))
        }

        #[rex_xdp]
        pub fn $shift(_ctx: &mut Xdp<'_>) -> XdpVerdict {
            forever($len, |a, _| a.copy_within(..$len - 8, 8))
        }

        #[rex_kprobe]
        pub fn $probe(_obj: &Kprobe, _ctx: &mut PtRegs) -> rex::Result {
            forever($len, |a, b| {
                a.copy_within(8.., 0);
                black_box(*a == *b);
            });
            Ok(0)
        }
    )*};
}

loops! {
    64: compare_64 copy_64 fill_64 shift_64 probe_64
    4096: compare_4096 copy_4096 fill_4096 shift_4096 probe_4096
    16777216: compare_16m copy_16m fill_16m shift_16m probe_16m
}
