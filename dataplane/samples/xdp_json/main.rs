// SPDX-License-Identifier: GPL-2.0-only
//! A firewall that reads JSON: datagrams to the guarded port must be one well-formed JSON text,
//! and no object in it, however deep, may have a forbidden member.
//!
//! A recursive-descent parser over a whole packet, with iterators and without bounds for the
//! verifier: the grammar is the program.
#![no_std]

use core::iter::Peekable;
use core::slice::Iter;
use rex::net::{Eth, Ipv4, Ipv6, Udp, ethertype, ipproto};
use rex::prelude::*;

/// Deeper texts count as malformed: a packet must not be able to use up the stack.
const DEEPEST: u32 = 64;

/// Element 0: the guarded UDP port; 0: none.
#[rex_map]
static PORT: RexArray<u32> = RexArray::new(1, 0);
/// Names of members that nobody may send, padded with NULs.
#[rex_map]
static FORBIDDEN: RexHashMap<[u8; 32], u8> = RexHashMap::new(64, 0);
/// What became of the datagrams: by [`Refusal`], or 0 for the good ones.
#[rex_map]
static VERDICTS: RexPerCpuArray<u64> = RexPerCpuArray::new(3, 0);

#[derive(Clone, Copy)]
enum Refusal {
    Malformed = 1,
    Forbidden = 2,
}
use Refusal::{Forbidden, Malformed};

type Parsed<T = ()> = core::result::Result<T, Refusal>;

struct Parser<'a> {
    bytes: Peekable<Iter<'a, u8>>,
}

impl Parser<'_> {
    fn peek(&mut self) -> Parsed<u8> {
        self.bytes.peek().map(|&&byte| byte).ok_or(Malformed)
    }

    fn next(&mut self) -> Parsed<u8> {
        self.bytes.next().copied().ok_or(Malformed)
    }

    fn take(&mut self, wanted: u8) -> bool {
        self.bytes.next_if(|&&byte| byte == wanted).is_some()
    }

    fn expect(&mut self, wanted: &[u8]) -> Parsed {
        wanted.iter().try_for_each(|&byte| if self.take(byte) { Ok(()) } else { Err(Malformed) })
    }

    fn spaces(&mut self) {
        while self.bytes.next_if(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).is_some() {}
    }

    /// At least one digit.
    fn digits(&mut self) -> Parsed {
        if !self.next()?.is_ascii_digit() {
            return Err(Malformed);
        }
        while self.bytes.next_if(|byte| byte.is_ascii_digit()).is_some() {}
        Ok(())
    }

    fn number(&mut self) -> Parsed {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            if !self.take(b'+') {
                self.take(b'-');
            }
            self.digits()?;
        }
        Ok(())
    }

    /// Calls `each` with the bytes between the quotes. Escapes are decoded, so that a forbidden
    /// name cannot hide in them; characters beyond Latin-1 come as `?`, which no name has.
    fn string(&mut self, mut each: impl FnMut(u8)) -> Parsed {
        self.expect(b"\"")?;
        loop {
            match self.next()? {
                b'"' => return Ok(()),
                b'\\' => each(self.escape()?),
                0..=0x1f => return Err(Malformed),
                byte => each(byte),
            }
        }
    }

    fn escape(&mut self) -> Parsed<u8> {
        Ok(match self.next()? {
            byte @ (b'"' | b'\\' | b'/') => byte,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let mut code = 0;
                for _ in 0..4 {
                    let digit = char::from(self.next()?).to_digit(16).ok_or(Malformed)?;
                    code = code << 4 | digit;
                }
                u8::try_from(code).unwrap_or(b'?')
            }
            _ => return Err(Malformed),
        })
    }

    fn member(&mut self, depth: u32) -> Parsed {
        let (mut name, mut len) = ([0; 32], 0);
        self.string(|byte| {
            if let Some(to) = name.get_mut(len) {
                *to = byte;
            }
            len += 1;
        })?;
        if len <= name.len() && FORBIDDEN.contains(&name) {
            return Err(Forbidden);
        }
        self.spaces();
        self.expect(b":")?;
        self.value(depth)
    }

    /// Elements or members up to `end`, each parsed by `one`.
    fn list(&mut self, end: u8, one: impl Fn(&mut Self) -> Parsed) -> Parsed {
        self.next()?;
        self.spaces();
        if self.take(end) {
            return Ok(());
        }
        loop {
            self.spaces();
            one(self)?;
            self.spaces();
            match self.next()? {
                b',' => (),
                byte if byte == end => return Ok(()),
                _ => return Err(Malformed),
            }
        }
    }

    fn value(&mut self, depth: u32) -> Parsed {
        let depth = depth.checked_sub(1).ok_or(Malformed)?;
        self.spaces();
        match self.peek()? {
            b'{' => self.list(b'}', |parser| parser.member(depth)),
            b'[' => self.list(b']', |parser| parser.value(depth)),
            b'"' => self.string(|_| ()),
            b't' => self.expect(b"true"),
            b'f' => self.expect(b"false"),
            b'n' => self.expect(b"null"),
            _ => self.number(),
        }
    }

    fn text(&mut self) -> Parsed {
        self.value(DEEPEST)?;
        self.spaces();
        if self.bytes.next().is_none() { Ok(()) } else { Err(Malformed) }
    }
}

/// Destination port and payload, when it is a whole UDP datagram.
fn datagram(frame: &[u8]) -> Option<(u16, &[u8])> {
    let (eth, rest) = Eth::parse(frame)?;
    let (protocol, rest) = match eth.ethertype() {
        ethertype::IPV4 => {
            let (ip, _options, rest) = Ipv4::parse(rest)?;
            (if ip.is_fragment() { 0 } else { ip.protocol() }, rest)
        }
        ethertype::IPV6 => {
            let (ip, rest) = Ipv6::parse(rest)?;
            (ip.next_header(), rest)
        }
        _ => return None,
    };
    let (udp, payload) = if protocol == ipproto::UDP { Udp::parse(rest)? } else { return None };
    Some((udp.dest(), payload))
}

#[rex_xdp]
pub fn firewall(ctx: &mut Xdp<'_>) -> XdpVerdict {
    let port = PORT.get(0).unwrap_or(0);
    let payload = match datagram(ctx.data()) {
        Some((to, payload)) if u32::from(to) == port => payload,
        _ => return XdpVerdict::Pass,
    };
    let result = Parser { bytes: payload.iter().peekable() }.text();
    VERDICTS.add(result.map_or_else(|refusal| refusal as u32, |()| 0), 1);
    if result.is_ok() { XdpVerdict::Pass } else { XdpVerdict::Drop }
}
