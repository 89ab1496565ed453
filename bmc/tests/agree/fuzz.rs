// SPDX-License-Identifier: GPL-2.0-only
//! Any bytes to the parsers of bmc/proto, for libFuzzer: no panic, and the same is understood
//! however a stream is cut, with the state kept in words or not, with values shown or not.
//!
//! The first byte of an input says where it is cut.

extern crate bmc_proto as proto;

use proto::{Complete, Effect, Lost, Requests, Sink, WORDS};

/// All that a parser says.
#[derive(Default, Debug, PartialEq)]
struct Said {
    text: Vec<u8>,
    effects: usize,
    completes: usize,
}

impl Sink for Said {
    fn effect(&mut self, effect: Effect<'_>) {
        self.effects += 1;
        self.text.push(effect.op as u8);
        match effect.target {
            proto::Target::Key(key) => {
                assert!((1..=proto::MAX_KEY).contains(&key.len()));
                self.text.push(key.len() as u8);
                self.text.extend(key);
            }
            proto::Target::All => self.text.push(0),
        }
        self.text.extend(effect.exptime.unwrap_or(i64::MIN).to_le_bytes());
        self.text.push(effect.conditional.into());
    }

    fn complete(&mut self, complete: Complete) {
        self.completes += 1;
        self.text.extend([0xff, complete.reply as u8]);
    }
}

/// One copy of the parser, so that each edge in it is counted once.
#[inline(never)]
fn feed(requests: &mut Requests, bytes: &[u8], said: &mut Said) -> Result<(), Lost> {
    requests.feed(bytes, said)
}

fn whole(start: Requests, stream: &[u8]) -> (Result<bool, Lost>, Said) {
    let (mut requests, mut said) = (start, Said::default());
    let fed = feed(&mut requests, stream, &mut said);
    (fed.map(|()| requests.at_boundary()), said)
}

/// In pieces, the lengths of which follow from `cut`.
fn pieces(start: Requests, mut stream: &[u8], cut: u8) -> (Result<bool, Lost>, Said) {
    let (mut words, mut said) = ([0; WORDS], Said::default());
    start.save(|i, word| words[i] = word);
    let mut random = u32::from(cut);
    while !stream.is_empty() {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let len = match cut {
            0 => 1,
            _ => (random >> 24) as usize % usize::from(cut) + 1,
        };
        let (piece, rest) = stream.split_at(len.min(stream.len()));
        let mut requests = Requests::load(|i| words[i]);
        let skipped = match random & 0x100 {
            0 => 0,
            _ => requests.skippable().min(piece.len()),
        };
        requests.advance(skipped);
        if feed(&mut requests, &piece[skipped..], &mut said).is_err() {
            return (Err(Lost), said);
        }
        requests.save(|i, word| words[i] = word);
        stream = rest;
    }
    (Ok(Requests::load(|i| words[i]).at_boundary()), said)
}

fn same_in_pieces(start: &Requests, stream: &[u8], cut: u8) {
    let expected = whole(start.clone(), stream);
    for cut in [0, cut] {
        let got = pieces(start.clone(), stream, cut);
        assert_eq!(got, expected, "{} cut by {cut}", stream.escape_ascii());
    }
}

/// Any state must do no harm; what it makes of a stream does not matter.
fn any_state(input: &[u8]) {
    let mut words = [0; WORDS];
    for (word, bytes) in words.iter_mut().zip(input.chunks(8)) {
        *word = bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    }
    words[0] &= 0x0001_ff_03_07;
    let mut requests = Requests::load(|i| words[i]);
    let _ = feed(&mut requests, input, &mut Said::default());
    requests.advance(requests.skippable());
}

fn get(text: &[u8]) {
    let Some(keys) = proto::get_keys(text) else { return };
    let len = keys.len();
    let keys: Vec<&[u8]> = keys.collect();
    assert!(keys.len() == len && (1..=proto::MAX_KEYS).contains(&len));
    for key in &keys {
        assert!((1..=proto::MAX_KEY).contains(&key.len()) && key.iter().all(|byte| *byte > b' '));
    }
    let letters = |text: &[u8]| text.iter().filter(|byte| **byte > b' ').count();
    assert_eq!(letters(text), 3 + keys.iter().map(|key| key.len()).sum::<usize>());
    let (end, said) = whole(Requests::new(), text);
    assert_eq!((end, said.effects, said.completes), (Ok(true), 0, 1));
}

/// The short way says what the long way does, or nothing.
fn set(text: &[u8]) {
    let Some(set) = proto::plain_set(text) else { return };
    let (end, said) = whole(Requests::text(), text);
    assert_eq!((end, said.effects, said.completes), (Ok(true), 1, 1));
    let exptime = i64::from(set.exptime).to_le_bytes();
    let expected = [
        &[proto::Op::Set as u8, set.key.len() as u8],
        set.key,
        &exptime,
        &[0, 0xff, proto::Reply::OneLine as u8],
    ];
    assert_eq!(said.text, expected.concat());
}

fn reply(text: &[u8]) {
    if let Some(values) = proto::values(text) {
        let blocks: Vec<_> = values.collect();
        let joined: Vec<u8> = blocks.iter().flat_map(|block| block.text).copied().collect();
        assert_eq!([joined.as_slice(), b"END\r\n"].concat(), text);
        for block in blocks {
            assert_eq!(block.text.get(6..6 + block.key.len()), Some(block.key));
        }
    }
}

// SAFETY: libFuzzer's entry point; nothing else defines it.
#[unsafe(no_mangle)]
extern "C" fn LLVMFuzzerTestOneInput(data: *const u8, len: usize) -> i32 {
    // SAFETY: libFuzzer gives that many bytes; a null pointer only without any.
    let input = if len == 0 { &[] } else { unsafe { core::slice::from_raw_parts(data, len) } };
    let Some((cut, stream)) = input.split_first() else { return 0 };
    same_in_pieces(&Requests::new(), stream, *cut);
    same_in_pieces(&Requests::text(), stream, *cut);
    same_in_pieces(&Requests::binary(), stream, *cut);
    any_state(stream);
    set(stream);
    get(stream);
    reply(stream);
    0
}
