// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;

// What is for tests on the host only may use what a kernel does not have.
#[cfg(test)]
const SCALE: f64 = { 1.5 } + 0.5;

#[cfg(test)]
#[derive(Debug)]
struct Point(f32, f32);

struct Sample {
    n: u64,
    #[cfg(test)]
    mean: f64,
}

impl Sample {
    #[cfg(test)]
    #[allow(unused)]
    pub(crate) fn mean<A, B>(&self) -> f64 {
        self.mean
    }
}

#[cfg(all(test, debug_assertions))]
use core::mem::{ManuallyDrop, forget};

#[cfg(test)]
mod tests {
    unsafe extern "C" {
        fn abs(n: i32) -> i32;
    }

    #[test]
    fn mean() {
        assert_eq!(unsafe { abs(-1) } as f64, 1.0);
    }
}

#[rex_xdp]
pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let sample = Sample {
        n: u64::from(ctx.len()),
        #[cfg(test)]
        mean: 1.5,
    };
    match sample.n {
        #[cfg(test)]
        0 => drop(2.5),
        _ => (),
    }
    XdpVerdict::Pass
}
