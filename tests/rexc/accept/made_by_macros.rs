// SPDX-License-Identifier: GPL-2.0-only
use core::sync::atomic::{AtomicU64, Ordering};
use rex::prelude::*;

// Structs, maps and entries that macro_rules! makes of fragments of every kind.
macro_rules! record {
    ($(#[$m:meta])* $v:vis struct $n:ident { $($(#[$fm:meta])* $fv:vis $f:ident : $t:ty),* $(,)? }) => {
        $(#[$m])*
        #[derive(Clone, Copy, Pod)]
        #[repr(C)]
        $v struct $n { $($(#[$fm])* $fv $f: $t),* }
    };
}
record! {
    /// Documented.
    pub struct Plain { a: u64, pub b: [u8; 8] }
}
record! { struct Private { /** first */ pub(crate) r#type: u32, #[allow(unused)] pub(in crate) n: u32, } }
record! { pub(crate) struct Nested { plain: Plain, private: Private } }

macro_rules! tuple {
    ($v:vis $n:ident $($fv:vis $t:ty),* ; $repr:ident $($bound:tt)*) => {
        #[derive(Clone, Copy, Pod)]
        #[repr($repr)]
        $v struct $n($($fv $t),*) $($bound)*;
    };
}
tuple! { pub Two pub u32, u32; C }
tuple! { One pub(self) <[u64; 2] as Same<[u64; 2]>>::It; transparent where u64: Copy }

trait Same<T> {
    type It;
}
impl<T> Same<T> for T {
    type It = T;
}

macro_rules! shared {
    ($i:item) => {
        #[derive(SharedPod)]
        #[repr(C)]
        $i
    };
}
shared! { struct Counters where u8: Copy { hits: AtomicU64, bytes: SharedBytes<8> } }

macro_rules! map {
    ($v:vis $n:ident : $t:ty = $e:expr) => {
        #[rex_map]
        $v static $n: $t = $e;
    };
}
map! { pub PLAIN: RexArray<Nested> = RexArray::new(1, 0) }
map! { TWO: RexHashMap<Two, One> = RexHashMap::new(1, 0) }
map! { COUNTERS: RexArray<Counters> = RexArray::new(1, 0) }

macro_rules! entry {
    ($(#[$m:meta])* $v:vis fn $n:ident ($c:ident : $t:ty) -> $r:ty $body:block) => {
        #[rex_xdp]
        $(#[$m])*
        $v fn $n($c: $t) -> $r $body
    };
}
entry! {
    /// Documented.
    pub fn prog(ctx: &mut Xdp<'_>) -> XdpVerdict {
        if let Some(counters) = COUNTERS.get_ref(0) {
            counters.hits.fetch_add(1, Ordering::Relaxed);
            let _ = counters.bytes.copy_from(0, &[1]);
        }
        let plain = PLAIN.get(0).map(|nested| (nested.plain.a, nested.private.r#type));
        let one = TWO.get(&Two(1, ctx.len())).map(|one| one.0);
        if plain.is_some() == one.is_some() { XdpVerdict::Drop } else { XdpVerdict::Pass }
    }
}
