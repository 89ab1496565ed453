// SPDX-License-Identifier: GPL-2.0-only
use rex::prelude::*;
use core::sync::atomic::{AtomicU64, Ordering};

#[derive(Clone, Copy, Pod)]
#[repr(C)]
struct Key { addr: u32, port: u16, proto: [u8; 2] }
#[derive(SharedPod)]
#[repr(C)]
struct Flow { packets: AtomicU64, first: SharedBytes<32> }

#[rex_map]
static FLOWS: RexHashMap<Key, Flow> = RexHashMap::new(16, 0);
static LOCK: SpinLock<u64> = SpinLock::new(0);

#[rex_xdp]
pub fn run(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let key = Key { addr: 1, port: 2, proto: [0; 2] };
    if let Some(flow) = FLOWS.get_ref(ctx.scope(), &key) {
        flow.packets.fetch_add(1, Ordering::Relaxed);
    }
    *LOCK.lock() += 1;
    XdpVerdict::Pass
}
