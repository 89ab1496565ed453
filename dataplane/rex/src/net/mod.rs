// SPDX-License-Identifier: GPL-2.0-only
//! Packet headers as views of a packet's bytes. Nothing here panics or copies: what is cut short
//! or contradicts itself parses to `None`.
//!
//! ```
//! use rex::net::{Eth, Ipv4, Udp, ethertype, ipproto};
//!
//! /// Destination port and payload of a UDP packet over IPv4.
//! fn udp(frame: &[u8]) -> Option<(u16, &[u8])> {
//!     let (eth, rest) = Eth::parse(frame)?;
//!     if eth.ethertype() != ethertype::IPV4 {
//!         return None;
//!     }
//!     let (ip, _options, rest) = Ipv4::parse(rest)?;
//!     if ip.protocol() != ipproto::UDP || ip.is_fragment() {
//!         return None;
//!     }
//!     let (udp, payload) = Udp::parse(rest)?;
//!     Some((udp.dest(), payload))
//! }
//! assert_eq!(udp(&[0; 20]), None);
//! ```

mod arp;
pub mod checksum;
mod eth;
mod icmp;
mod ipv4;
mod ipv6;
mod ipv6_extension;
mod tcp;
mod tcp_options;
mod udp;
mod vlan;

pub use arp::Arp;
pub use eth::{Eth, ethertype};
pub use icmp::Icmp;
pub use ipv4::{Ipv4, ipproto};
pub use ipv6::Ipv6;
pub use ipv6_extension::{Extension, Extensions, extension};
pub use tcp::Tcp;
pub use tcp_options::{TcpOption, TcpOptions};
pub use udp::Udp;
pub use vlan::Vlan;

/// Defines a header: a view of the `$len` bytes that it always has, with its numbers in host order.
macro_rules! header {
    ($(#[$doc:meta])* $name:ident, $len:literal; $(
        $(#[$field_doc:meta])* $get:ident, $set:ident: $type:ty = $at:literal;
    )*) => {
        $(#[$doc])*
        #[repr(transparent)]
        pub struct $name([u8; $len]);

        impl $name {
            /// Bytes that the header always has.
            pub const LEN: usize = $len;

            /// The header at the start of `bytes`, and what follows its fixed part.
            #[inline(always)]
            fn split(bytes: &[u8]) -> Option<(&Self, &[u8])> {
                let (header, rest) = bytes.split_first_chunk::<$len>()?;
                // SAFETY: transparent over the array.
                Some((unsafe { &*(&raw const *header).cast::<Self>() }, rest))
            }

            /// As `split`, to be written.
            #[inline(always)]
            fn split_mut(bytes: &mut [u8]) -> Option<(&mut Self, &mut [u8])> {
                let (header, rest) = bytes.split_first_chunk_mut::<$len>()?;
                // SAFETY: transparent over the array.
                Some((unsafe { &mut *(&raw mut *header).cast::<Self>() }, rest))
            }

            /// The bytes of the fixed part.
            #[inline(always)]
            pub fn bytes(&self) -> &[u8; $len] {
                &self.0
            }

            $(
                $(#[$field_doc])*
                #[inline(always)]
                pub fn $get(&self) -> $type {
                    let mut field = [0; size_of::<$type>()];
                    field.copy_from_slice(&self.0[$at..$at + size_of::<$type>()]);
                    <$type>::from_be_bytes(field)
                }

                #[doc = concat!("Sets what [`", stringify!($get), "`](Self::", stringify!($get), ") reads.")]
                #[inline(always)]
                pub fn $set(&mut self, value: $type) {
                    self.0[$at..$at + size_of::<$type>()].copy_from_slice(&value.to_be_bytes());
                }
            )*
        }
    };
}
use header;
