// SPDX-License-Identifier: GPL-2.0-only
//! One stream, to the parser and to memcached.

use crate::random::Random;
use crate::replies;
use crate::server::{Item, Server, State};
use proto::{
    Complete, Effect, Lost, Op, Part, REPLY_LINE, Replies, Reply, Requests, Shape, Sink, Target,
    WORDS,
};
use std::collections::BTreeMap;

pub enum Verdict {
    Agreed,
    /// The parser does not say what the stream means.
    Lost,
}

/// What follows a stream is stored there.
const SENTINEL: &[u8] = b"zsentinel";
/// Never there.
const MISSED: &[u8] = b"zmissed";
/// The clock of memcached is coarse, and the test takes time.
const SECONDS: i64 = 4;
/// Longer ones are times.
const MAX_DELTA: i64 = 60 * 60 * 24 * 30;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    op: Op,
    key: Option<Vec<u8>>,
    exptime: Option<i64>,
    conditional: bool,
}

/// All that the parser says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Said {
    changes: Vec<Change>,
    replies: Vec<Reply>,
    shapes: Vec<Shape>,
    /// How many of the changes are of whole commands.
    executed: usize,
}

impl Sink for Said {
    fn effect(&mut self, effect: Effect<'_>) {
        let Effect { op, target, exptime, conditional } = effect;
        let key = match target {
            Target::Key(key) => Some(key.to_vec()),
            Target::All => None,
        };
        self.changes.push(Change { op, key, exptime, conditional });
    }

    fn complete(&mut self, complete: Complete) {
        self.replies.push(complete.reply);
        self.shapes.push(complete.shape);
        self.executed = self.changes.len();
    }
}

pub struct Checker {
    before: State,
    seen: BTreeMap<String, u64>,
}

impl Checker {
    pub fn new(before: State) -> Self {
        Self { before, seen: BTreeMap::new() }
    }

    /// The ids of all items.
    pub fn ids(&self) -> Vec<u64> {
        self.before.values().map(|item| item.id).collect()
    }

    /// How many keys of each kind of command were changed.
    pub fn seen(&self) -> String {
        let seen: Vec<String> = self.seen.iter().map(|(op, n)| format!("{op} {n}")).collect();
        format!("items changed: {}", seen.join(", "))
    }

    /// `stream` is what was sent, which can be longer than it was.
    pub fn check(
        &mut self,
        server: &mut Server,
        random: &mut Random,
        stream: &mut Vec<u8>,
    ) -> Result<Verdict, String> {
        if random.percent(80) {
            finish(stream);
        }
        let mut said = Said::default();
        let mut requests = Requests::new();
        let lost = requests.feed(stream, &mut said).is_err();
        let cut = in_pieces(random, stream);
        if lost {
            return match cut {
                Err(Lost) => Ok(Verdict::Lost),
                Ok(_) => Err("lost only when whole".into()),
            };
        }
        if cut.as_ref() != Ok(&said) {
            return Err(format!("cut it means {cut:?}, whole {said:?}"));
        }
        let binary = stream.first() == Some(&0x80);
        let nonce = random.next();
        let (last, answer) = if binary { binary_sentinel(nonce) } else { text_sentinel(nonce) };
        let end = requests.at_boundary().then(|| end(requests, &last)).flatten();
        let sent = if end.is_some() { [stream.as_slice(), &last].concat() } else { stream.clone() };
        let replies = server.exchange(pieces(random, &sent).into_iter())?;
        let replies = match end {
            Some(()) => replies.strip_suffix(answer.as_slice()).ok_or_else(|| {
                format!("what follows is not understood\nreplies: {}", replies.escape_ascii())
            })?,
            None => &replies,
        };
        let known = match binary {
            true => count_binary(&said, replies, end.is_some()),
            false => count_text(&said, stream, replies, end.is_some()),
        };
        known
            .map_err(|why| format!("{why}\nreplies: {}\nsaid: {said:?}", replies.escape_ascii()))?;

        let after = server.state()?;
        self.compare(&said, &after).map_err(|why| format!("{why}\nsaid: {said:?}"))?;
        self.before = after;
        if said.changes.iter().any(|change| change.key.is_none()) {
            // What is flushed may be listed still, or a flush be due in the middle of another
            // stream.
            self.before = server.empty()?;
        }
        Ok(Verdict::Agreed)
    }

    fn compare(&mut self, said: &Said, after: &State) -> Result<(), String> {
        let now = now();
        let all = said.changes.iter().any(|change| change.key.is_none());
        let keys = self.before.keys().chain(after.keys().filter(|k| !self.before.contains_key(*k)));
        for key in keys.filter(|key| *key != SENTINEL) {
            let (old, new) = (self.before.get(key), after.get(key));
            let due = old.is_some_and(|old| old.exptime >= 0 && old.exptime <= now + SECONDS);
            if old == new || all || new.is_none() && due {
                continue;
            }
            let shown = key.escape_ascii();
            let begun = said.changes.iter().enumerate().map(|(i, change)| Change {
                conditional: change.conditional || i >= said.executed,
                ..change.clone()
            });
            let changes = begun.filter(|change| change.key.as_ref() == Some(key));
            let Some(last) = changes.clone().last() else {
                return Err(format!("{shown} has changed: {old:?}, {new:?}"));
            };
            let count = self.seen.entry(format!("{:?}", last.op)).or_default();
            *count += 1;
            if let Some(new) = new
                && !exptimes(old, changes).iter().any(|exptime| fits(*exptime, new.exptime, now))
            {
                return Err(format!("{shown} has another expiry: {old:?}, {new:?}"));
            }
        }
        Ok(())
    }
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs() as i64)
}

/// Each expiry, as in a command, that an item can have after `changes`.
fn exptimes(old: Option<&Item>, changes: impl Iterator<Item = Change>) -> Vec<i64> {
    let mut exptimes = Vec::new();
    exptimes.extend(old.map(|old| if old.exptime == -1 { 0 } else { old.exptime }));
    for change in changes {
        if !change.conditional && change.exptime.is_some() {
            exptimes.clear();
        }
        exptimes.extend(change.exptime);
    }
    exptimes
}

/// Whether an item that expires at `at` was given `exptime`.
fn fits(exptime: i64, at: i64, now: i64) -> bool {
    match exptime {
        0 => at == -1,
        // It would not be there.
        ..0 => false,
        1..=MAX_DELTA => (at - now - exptime).abs() <= SECONDS,
        _ => at == exptime,
    }
}

/// Adds what the parser misses to a command that is not whole.
fn finish(stream: &mut Vec<u8>) {
    let mut said = Said::default();
    let mut requests = Requests::new();
    if requests.feed(stream, &mut said).is_err() {
        return;
    }
    let binary = stream.first() == Some(&0x80);
    let mut more = Vec::new();
    while !requests.at_boundary() {
        let skippable = requests.skippable();
        if skippable > 100_000 {
            return;
        }
        more.resize(more.len() + skippable, b'v');
        requests.advance(skippable);
        let last = more.last();
        // The end of a line, or whatever a binary request lacks.
        let next = if binary || last == Some(&b'\r') { b'\n' } else { b'\r' };
        if requests.feed(&[next], &mut said).is_err() {
            return;
        }
        more.push(next);
    }
    stream.extend(more);
}

fn text_sentinel(nonce: u64) -> (Vec<u8>, Vec<u8>) {
    let key = String::from_utf8_lossy(SENTINEL);
    let ask = format!("ms {key} 2 k O{nonce:x}\r\n\n\n\r\n");
    (ask.into_bytes(), format!("HD k{key} O{nonce:x}\r\n").into_bytes())
}

fn binary_sentinel(nonce: u64) -> (Vec<u8>, Vec<u8>) {
    let opaque = nonce.to_be_bytes();
    let mut ask = vec![0x80, 0x1c, 0, MISSED.len() as u8, 4, 0, 0, 0];
    ask.extend((4 + MISSED.len() as u32).to_be_bytes());
    ask.extend(&opaque[..4]);
    ask.extend([0; 12]);
    ask.extend(MISSED);
    let mut answer = vec![0x81, 0x1c, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9];
    answer.extend(&opaque[..4]);
    answer.extend([0; 8]);
    answer.extend(b"Not found");
    (ask, answer)
}

/// Whether the parser takes the sentinel, too; not so after "quit".
fn end(mut requests: Requests, sentinel: &[u8]) -> Option<()> {
    let mut said = Said::default();
    requests.feed(sentinel, &mut said).ok()?;
    let understood = said.replies.len() == 1
        && matches!(said.changes.as_slice(), [Change { key: Some(key), .. }]
            if *key == SENTINEL || *key == MISSED);
    assert!(understood && requests.at_boundary());
    Some(())
}

/// Random pieces.
fn pieces<'a>(random: &mut Random, mut stream: &'a [u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    while !stream.is_empty() {
        let len = match random.below(4) {
            0 => 1,
            1 => random.below(30) + 1,
            _ => stream.len(),
        };
        let (piece, rest) = stream.split_at(len.min(stream.len()));
        pieces.push(piece);
        stream = rest;
    }
    pieces
}

/// The same with the state kept in words, and without the bytes that need not be shown.
fn in_pieces(random: &mut Random, stream: &[u8]) -> Result<Said, Lost> {
    let mut said = Said::default();
    let mut words = [0; WORDS];
    Requests::new().save(|i, word| words[i] = word);
    for piece in pieces(random, stream) {
        let mut requests = Requests::load(|i| words[i]);
        let skipped = requests.skippable().min(piece.len());
        requests.advance(skipped);
        requests.feed(&piece[skipped..], &mut said)?;
        requests.save(|i, word| words[i] = word);
    }
    Ok(said)
}

fn count_text(said: &Said, stream: &[u8], replies: &[u8], whole: bool) -> Result<(), String> {
    // A key with newlines may be told as it is.
    let has = |text: &[u8]| stream.windows(text.len()).any(|part| part == text);
    if has(b" b") && (has(b" k") || has(b"me ")) {
        return Ok(());
    }
    let found = replies::text(replies)?;
    let count = |reply| said.replies.iter().filter(|r| **r == reply).count();
    let quiet = has(b" q");
    // To a get of such a key an error is told, instead of all replies that have not yet been sent.
    let long = stream.split(|byte| *byte == b' ').any(|word| word.len() > proto::MAX_KEY);
    let (least, most) = match whole {
        true if long => (0, said.replies.len()),
        true if quiet => (count(Reply::OneLine), said.replies.len()),
        true => (count(Reply::OneLine) + count(Reply::Other), said.replies.len()),
        // Replies may be lost when the connection ends early, and an error may be told before
        // all of the value has come.
        false => (0, said.replies.len() + 1),
    };
    if found.len() < least || found.len() > most {
        return Err(format!("{} replies, not {least} to {most}", found.len()));
    }
    let exact = whole && least == most;
    let wrong = |(reply, line): (&Reply, &bool)| *reply == Reply::OneLine && !line;
    if exact && said.replies.iter().zip(&found).any(wrong) {
        return Err("a reply is not just one line".into());
    }
    if exact { fit(&said.shapes, replies) } else { Ok(()) }
}

/// Whether the replies, cut at a random place, are of these shapes, one after the other.
fn fit(shapes: &[Shape], replies: &[u8]) -> Result<(), String> {
    let known = |shape: &Shape| !matches!(shape, Shape::Perhaps | Shape::Unknown);
    if !shapes.iter().all(known) {
        return Ok(());
    }
    let (mut value, mut meta, mut len, mut line) = (0, 0, 0, [0; REPLY_LINE]);
    let (mut left, mut wrong) = (shapes, None);
    let (first, second) = replies.split_at(replies.len() / 2);
    for piece in [first, second] {
        let (value, meta, len, line) = (&mut value, &mut meta, &mut len, &mut line);
        Replies { value, meta, len, line }.feed(piece, |part| {
            let Some((shape, rest)) = left.split_first() else {
                return wrong = Some(format!("{part:?} answers nothing"));
            };
            match (shape, part) {
                (Shape::Values, Part::Value(_)) | (_, Part::More(_)) => {}
                (Shape::Values, Part::Begins(begun)) if !begun.meta => {}
                (Shape::Meta, Part::Begins(begun)) if begun.meta => {}
                (Shape::Values, Part::End)
                | (Shape::Line | Shape::Meta, Part::Line)
                | (Shape::Meta, Part::Meta(_))
                | (Shape::Mn, Part::Mn)
                | (_, Part::Error) => left = rest,
                _ => wrong = Some(format!("{part:?} for {shape:?}")),
            }
        });
    }
    match wrong {
        None if left.is_empty() => Ok(()),
        None => Err(format!("no reply to {left:?}")),
        Some(wrong) => Err(wrong),
    }
}

fn count_binary(said: &Said, replies: &[u8], whole: bool) -> Result<(), String> {
    let (found, most) = (replies::binary(replies)?, said.replies.len() + usize::from(!whole));
    match found <= most {
        true => Ok(()),
        false => Err(format!("{found} replies, at most {most} expected")),
    }
}
