// SPDX-License-Identifier: GPL-2.0-only
//! meta.rs and stats.rs are what shared.h says. bmc-shared.t compares this with the C side.

use crate::meta::{LAYOUT, Meta, NEVER, TIME_SHIFT, state};
use crate::stats;
use std::mem::{offset_of, size_of};

fn size_of_field<T, F>(_: fn(&T) -> &F) -> usize {
    size_of::<F>()
}

macro_rules! fields {
    ($($name:ident)*) => {
        $(println!(concat!(stringify!($name), " {} {}"), offset_of!(Meta, $name),
                   size_of_field(|meta: &Meta| &meta.$name));)*
    };
}

/// `PassForm` is PASS_FORM.
fn shout(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(letter.to_ascii_uppercase());
    }
    text
}

#[test]
fn say_what_is_shared() {
    fields! {
        state epoch generation quiet_from seed udp_port max_age pending_all quiet_to layout vlans
        broadcasts pad0 server rbuf_len blind hidden reads tcp server_deaths clock era idle
        pad1
    }
    println!("size {}", size_of::<Meta>());
    println!("constants {LAYOUT} {NEVER} {TIME_SHIFT}");
    println!("states {} {} {}", state::OFF, state::TRACK, state::RUN);
    for stat in stats::ALL {
        println!("counter {} {}", stat as u32, shout(&format!("{stat:?}")));
    }
    println!("counters {}", stats::ALL.len());
}
