// SPDX-License-Identifier: GPL-2.0-only
//! One line of the text protocol.

use super::effect::{Effect, Lost, MAX_VALUE, Next, Op, Reply, Shape, Sink, Target};
use super::meta;
use super::words::Words;

/// Whether a line that begins like this reads values only, however it goes on.
#[inline(always)]
pub(super) fn only_reads(start: &[u8]) -> bool {
    start.starts_with(b"get ") || start.starts_with(b"gets ")
}

/// Reads a line with its end: `\r\n`, or a bare newline.
#[inline(always)]
pub(super) fn line(line: &[u8], sink: &mut impl Sink) -> Result<Next, Lost> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    // Later versions do not take spaces before the command.
    if line.starts_with(b" ") {
        return Err(Lost);
    }
    if let Some(rest) = line.strip_prefix(b"set ") {
        return store(Op::Set, Words::new(rest), sink).ok_or(Lost);
    }
    let mut words = Words::new(line);
    match words.next() {
        b"get" | b"gets" => Some(Next::Shaped(Shape::Values)),
        other => rare(other, words, sink),
    }
    .ok_or(Lost)
}

/// `COMMAND KEY FLAGS EXPTIME BYTES [CAS] [noreply]`
#[inline(always)]
fn store(op: Op, mut words: Words<'_>, sink: &mut impl Sink) -> Option<Next> {
    let key = words.key()?;
    words.number(u32::MAX.into())?;
    let exptime = words.time()?;
    let len = words.number(MAX_VALUE)?;
    if op == Op::Cas {
        words.number(u64::MAX)?;
    }
    let reply = one_line_unless(words.noreply()?);
    let keeps = matches!(op, Op::Append | Op::Prepend);
    sink.effect(Effect {
        op,
        target: Target::Key(key),
        exptime: (!keeps).then_some(exptime),
        conditional: op != Op::Set,
    });
    Some(Next::Value(len, reply))
}

/// All commands but the most common ones.
#[inline(never)]
fn rare(command: &[u8], mut words: Words<'_>, sink: &mut impl Sink) -> Option<Next> {
    Some(match command {
        b"add" => return store(Op::Add, words, sink),
        b"replace" => return store(Op::Replace, words, sink),
        b"append" => return store(Op::Append, words, sink),
        b"prepend" => return store(Op::Prepend, words, sink),
        b"cas" => return store(Op::Cas, words, sink),
        b"delete" => {
            let key = words.key()?;
            let quiet = match words.next() {
                // the age that once could be given
                b"0" => words.noreply()?,
                b"noreply" => words.end().then_some(true)?,
                b"" => words.end().then_some(false)?,
                _ => return None,
            };
            let target = Target::Key(key);
            sink.effect(Effect { op: Op::Delete, target, exptime: Some(0), conditional: false });
            Next::Command(one_line_unless(quiet))
        }
        b"incr" | b"decr" => {
            let key = words.key()?;
            words.number(u64::MAX)?;
            let quiet = words.noreply()?;
            let op = if command == b"incr" { Op::Incr } else { Op::Decr };
            changed(op, key, None, sink);
            Next::Command(one_line_unless(quiet))
        }
        b"touch" => {
            let (key, exptime) = (words.key()?, words.time()?);
            let quiet = words.noreply()?;
            changed(Op::Touch, key, Some(exptime), sink);
            Next::Command(one_line_unless(quiet))
        }
        b"gat" | b"gats" => {
            let exptime = words.time()?;
            changed(Op::Touch, words.key()?, Some(exptime), sink);
            while let Some(key) = words.next_key()? {
                changed(Op::Touch, key, Some(exptime), sink);
            }
            Next::Shaped(Shape::Values)
        }
        b"flush_all" => {
            let (delay, quiet) = match words.next() {
                b"" => (None, words.end().then_some(false)?),
                b"noreply" => (None, words.end().then_some(true)?),
                delay => (Some(super::words::time(delay)?), words.noreply()?),
            };
            all(Op::Flush, delay.filter(|delay| *delay > 0), sink);
            Next::Command(one_line_unless(quiet))
        }
        b"mg" | b"ms" | b"md" | b"ma" => return meta::line(command, words, sink),
        b"me" => {
            words.key()?;
            // The key is in it, which can have newlines if it came in base64.
            plain(&words, Reply::Other)?
        }
        b"mn" => words.end().then_some(Next::Shaped(Shape::Mn))?,
        b"version" => words.end().then_some(Next::Command(Reply::OneLine))?,
        b"verbosity" => {
            words.number(u32::MAX.into())?;
            Next::Command(one_line_unless(words.noreply()?))
        }
        b"stats" | b"refresh_certs" => plain(&words, Reply::Other)?,
        b"quit" => words.end().then_some(Next::Nothing(Reply::None))?,
        b"watch" => {
            plain(&words, Reply::Other)?;
            Next::Nothing(Reply::Other)
        }
        b"lru_crawler" => {
            let dump = matches!(words.next(), b"metadump" | b"mgdump");
            plain(&words, Reply::Other)?;
            all(Op::Other, None, sink);
            if dump { Next::Nothing(Reply::Other) } else { Next::Command(Reply::Other) }
        }
        b"cache_memlimit" | b"slabs" | b"lru" | b"extstore" | b"shutdown" => {
            let next = plain(&words, Reply::Other)?;
            all(Op::Other, None, sink);
            next
        }
        _ => return None,
    })
}

/// A command whose further arguments do not matter. Some take `noreply` at the end, which ones
/// depends on the version.
fn plain(words: &Words<'_>, reply: Reply) -> Option<Next> {
    let quiet = words.rest().trim_ascii_end().ends_with(b"noreply");
    (words.rest_is_plain() && !quiet).then_some(Next::Command(reply))
}

fn one_line_unless(quiet: bool) -> Reply {
    if quiet { Reply::None } else { Reply::OneLine }
}

fn changed(op: Op, key: &[u8], exptime: Option<i64>, sink: &mut impl Sink) {
    sink.effect(Effect { op, target: Target::Key(key), exptime, conditional: exptime.is_some() });
}

fn all(op: Op, exptime: Option<i64>, sink: &mut impl Sink) {
    sink.effect(Effect { op, target: Target::All, exptime, conditional: false });
}
