// SPDX-License-Identifier: GPL-2.0-only
#![no_std]

use rex::net::checksum::Change;
use rex::net::{Eth, Ipv4, Udp, ethertype, ipproto};
use rex::prelude::*;
use rex::tc::L4Checksum;

const FROM: u16 = 7000;
const TO: u16 = 7001;

/// Where the UDP header begins, if it is one for port FROM.
fn udp_at(frame: &[u8]) -> Option<u32> {
    let (eth, rest) = Eth::parse(frame)?;
    if eth.ethertype() != ethertype::IPV4 {
        return None;
    }
    let (ip, options, rest) = Ipv4::parse(rest)?;
    if ip.protocol() != ipproto::UDP || ip.is_fragment() {
        return None;
    }
    let (udp, _payload) = Udp::parse(rest)?;
    (udp.dest() == FROM).then_some((Eth::LEN + Ipv4::LEN + options.len()) as u32)
}

fn rewrite(ctx: &mut Tc<'_>) -> Option<()> {
    ctx.pull(ctx.len()).ok()?;
    let at = udp_at(ctx.data())?;
    // a slice of the packet could not be used from here on: these take the context for themselves
    let which = L4Checksum { udp: true, ..L4Checksum::default() };
    ctx.l4_csum_replace(at + 6, Change::u16(FROM, TO), which).ok()?;
    ctx.store(at + 2, &TO.to_be_bytes()).ok()
}

#[rex_tc]
pub fn port_rewrite(ctx: &mut Tc<'_>) -> TcVerdict {
    let _ = rewrite(ctx);
    TcVerdict::Ok
}
