// SPDX-License-Identifier: GPL-2.0-only
//! Commands that only read, in the forms in which each version of memcached understands them.

use super::words::Words;

/// The most flags of an `mg` that is answered.
pub const MAX_FLAGS: usize = 15;
/// The longest opaque, with the letter.
const MAX_OPAQUE: usize = 32;

/// A command that reads values.
#[derive(Clone, Debug)]
pub enum Question<'a> {
    /// `get`, or `gets`: with the number for `cas`.
    Get { keys: KeyList<'a>, cas: bool },
    /// `mg`
    Meta { key: &'a [u8], flags: MetaFlags<'a> },
    /// `mn`
    End,
}

/// Keys, which may end with something that is none: [`KeyList::next`].
#[derive(Clone, Debug)]
pub struct KeyList<'a>(Words<'a>);

impl<'a> KeyList<'a> {
    /// The next key; `Some(None)` behind the last, `None` if the command is not of a known form.
    #[inline(always)]
    pub fn next(&mut self) -> Option<Option<&'a [u8]>> {
        self.0.next_key()
    }
}

/// The flags of an `mg`, in their order; only such as ask for something that is known of a value.
#[derive(Clone, Debug)]
pub struct MetaFlags<'a> {
    words: Words<'a>,
    /// `v`: the value itself.
    pub value: bool,
}

/// A flag of an `mg`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetaFlag<'a> {
    Cas,
    Flags,
    Key,
    Size,
    /// To be given back as it is, with the letter.
    Opaque(&'a [u8]),
}

impl<'a> Iterator for MetaFlags<'a> {
    type Item = MetaFlag<'a>;

    fn next(&mut self) -> Option<MetaFlag<'a>> {
        loop {
            let word = self.words.next();
            return Some(match word.first()? {
                b'c' => MetaFlag::Cas,
                b'f' => MetaFlag::Flags,
                b'k' => MetaFlag::Key,
                b's' => MetaFlag::Size,
                b'O' => MetaFlag::Opaque(word),
                // q and v are answered with nothing.
                _ => continue,
            });
        }
    }
}

impl<'a> Question<'a> {
    /// Reads a line with its end. `None` for anything else, and for all that is not certain to be
    /// understood as just this.
    #[inline(always)]
    pub fn of(line: &'a [u8]) -> Option<Self> {
        let line = line.strip_suffix(b"\n")?;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Some(keys) = line.strip_prefix(b"get ") {
            return Some(Self::Get { keys: KeyList(Words::new(keys)), cas: false });
        }
        other(line)
    }
}

#[inline(never)]
fn other(line: &[u8]) -> Option<Question<'_>> {
    if let Some(keys) = line.strip_prefix(b"gets ") {
        return Some(Question::Get { keys: KeyList(Words::new(keys)), cas: true });
    }
    if let Some(rest) = line.strip_prefix(b"mg ") {
        // One space between two words, as all clients write it.
        let plain = !line.ends_with(b" ") && !line.windows(2).any(|pair| pair == b"  ");
        let mut words = Words::new(rest);
        let key = words.key().filter(|_| plain)?;
        let value = check(words.clone())?;
        return Some(Question::Meta { key, flags: MetaFlags { words, value } });
    }
    (line == b"mn").then_some(Question::End)
}

/// Whether the flags can be answered, and the value is asked for.
fn check(mut words: Words<'_>) -> Option<bool> {
    let mut seen = 0u64;
    for _ in 0..=MAX_FLAGS {
        let Some((letter, argument)) = words.next().split_first() else {
            return words.end().then_some(seen & bit(b'v') != 0);
        };
        let good = match letter {
            b'c' | b'f' | b'k' | b'q' | b's' | b'v' => argument.is_empty(),
            b'O' => (1..MAX_OPAQUE).contains(&argument.len()),
            _ => false,
        };
        if !good || seen & bit(*letter) != 0 {
            return None;
        }
        seen |= bit(*letter);
    }
    None
}

const fn bit(letter: u8) -> u64 {
    1 << (letter & 63)
}
