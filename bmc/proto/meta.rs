// SPDX-License-Identifier: GPL-2.0-only
//! The meta commands that name a key and take flags: mg, ms, md, ma.

use super::base64;
use super::effect::{Effect, MAX_VALUE, Next, Op, Reply, Shape, Sink, Target};
use super::words::{Words, number, time};

/// Each version takes at least so many flags.
const MAX_FLAGS: usize = 15;
/// The longest opaque, with the letter.
const MAX_OPAQUE: usize = 32;

/// What the flags of a command say, as far as it matters here.
#[derive(Default)]
struct Flags {
    /// One bit for each letter that is there.
    seen: u64,
    /// M
    mode: u8,
    /// T
    exptime: Option<i64>,
    /// N
    vivify: Option<i64>,
}

const fn bit(letter: u8) -> u64 {
    1 << (letter & 63)
}

impl Flags {
    fn has(&self, letter: u8) -> bool {
        self.seen & bit(letter) != 0
    }

    /// `None` for a flag that not each version knows to take, or to refuse, in the same way.
    fn read(mut words: Words<'_>) -> Option<Self> {
        let mut flags = Self::default();
        for _ in 0..=MAX_FLAGS {
            let Some((letter, argument)) = words.next().split_first() else {
                return words.end().then_some(flags);
            };
            match letter {
                b'b' | b'c' | b'f' | b'h' | b'k' | b'l' | b'q' | b's' | b't' | b'u' | b'v'
                | b'x' | b'I' => argument.is_empty().then_some(())?,
                b'C' | b'D' | b'E' | b'J' => _ = number(argument, u64::MAX)?,
                b'F' => _ = number(argument, u32::MAX.into())?,
                b'N' => flags.vivify = Some(time(argument)?),
                b'R' => _ = time(argument)?,
                b'T' => flags.exptime = Some(time(argument)?),
                b'M' => {
                    let [mode] = argument else { return None };
                    flags.mode = *mode;
                }
                b'O' => (argument.len() < MAX_OPAQUE).then_some(())?,
                b'L' | b'P' => {}
                _ => return None,
            }
            if flags.has(*letter) {
                return None;
            }
            flags.seen |= bit(*letter);
        }
        None
    }

    /// Of a command that answers with one line whatever happens, but for these.
    fn reply(&self) -> Reply {
        // A key in base64 can have newlines in it, and be told as it is.
        let lines = self.has(b'v') || self.has(b'b') && self.has(b'k');
        match self.has(b'q') {
            _ if lines => Reply::Other,
            true => Reply::None,
            false => Reply::OneLine,
        }
    }
}

/// Reads a line, but for its first word.
pub(super) fn line(command: &[u8], mut words: Words<'_>, sink: &mut impl Sink) -> Option<Next> {
    let key = words.key()?;
    if command == b"ms" {
        let len = words.number(MAX_VALUE)?;
        let flags = Flags::read(words)?;
        set(key, &flags, sink)?;
        return Some(Next::Value(len, flags.reply()));
    }
    let flags = Flags::read(words)?;
    match command {
        // Without its value, an item gets a new expiry, too.
        b"md" if flags.has(b'x') => {
            let exptime = flags.exptime.or(Some(0));
            effects(Op::MetaDelete, key, &Flags { exptime, ..flags }, sink)?;
        }
        b"md" => effects(Op::MetaDelete, key, &flags, sink)?,
        b"ma" => match flags.mode {
            0 | b'I' | b'i' | b'+' | b'D' | b'd' | b'-' => {
                effects(Op::MetaArith, key, &flags, sink)?;
            }
            _ => return None,
        },
        _ if b"ENRT".iter().any(|letter| flags.has(*letter)) => {
            effects(Op::MetaGet, key, &flags, sink)?;
        }
        // Reads only, whatever the key.
        _ => {}
    }
    Some(match flags.reply() {
        // Hits are answered.
        Reply::None if command == b"mg" => Next::Shaped(Shape::Perhaps),
        Reply::Other if command != b"md" && !flags.has(b'b') => {
            Next::Shaped(if flags.has(b'q') { Shape::Perhaps } else { Shape::Meta })
        }
        reply => Next::Command(reply),
    })
}

/// Of ms.
fn set(key: &[u8], flags: &Flags, sink: &mut impl Sink) -> Option<()> {
    match flags.mode {
        // A compare-and-swap, or what earlier versions refuse.
        0 | b'S' if b"CEx".iter().any(|letter| flags.has(*letter)) => {}
        0 | b'S' => {
            let exptime = Some(flags.exptime.unwrap_or(0));
            return each_key(key, flags, |target, named| {
                sink.effect(Effect { op: Op::MetaSet, target, exptime, conditional: !named });
            });
        }
        b'A' | b'a' | b'P' | b'p' => return effects(Op::MetaSet, key, flags, sink),
        b'E' | b'e' | b'R' | b'r' | b's' => {}
        _ => return None,
    }
    let exptime = flags.exptime.or(Some(0));
    effects(Op::MetaSet, key, &Flags { exptime, ..*flags }, sink)
}

/// Of a command that may give the item either of the expiries that its flags have, or none.
fn effects(op: Op, key: &[u8], flags: &Flags, sink: &mut impl Sink) -> Option<()> {
    let exptimes = match (flags.exptime, flags.vivify) {
        (None, None) => [None, None],
        (Some(one), None) | (None, Some(one)) => [Some(one), None],
        (one, other) => [one, other],
    };
    each_key(key, flags, |target, _| {
        let [first, second] = exptimes;
        sink.effect(Effect { op, target, exptime: first, conditional: first.is_some() });
        if second.is_some() {
            sink.effect(Effect { op, target, exptime: second, conditional: true });
        }
    })
}

/// Calls `f` with the key that is meant, and with `false` for one that it is spelled like.
fn each_key(key: &[u8], flags: &Flags, mut f: impl FnMut(Target<'_>, bool)) -> Option<()> {
    if flags.has(b'b') {
        let mut decoded = [0; _];
        f(Target::Key(base64::decode(key, &mut decoded)?), true);
    }
    f(Target::Key(key), !flags.has(b'b'));
    Some(())
}
