// SPDX-License-Identifier: GPL-2.0-only
//! When is it certain that a command that was read has been executed? docs/bmc-protocol.md proves
//! these rules; here they are as arithmetic.

use crate::proto::Reply;

/// The most replies that are counted in a write.
pub const MAX_LINES: u32 = 32;

/// How far the server is with the commands of one connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Commands read since the last time that all were known to be executed.
    complete: u8,
    /// Commands whose replies may not have been written yet.
    unanswered: u8,
    /// Not each of these is answered with exactly one line, or not all of them in one write.
    mixed: bool,
    /// The last read gave all that it asked for: the server may have gone on reading at once.
    full: bool,
}

impl Progress {
    pub fn from_bits(bits: u32) -> Self {
        let [complete, unanswered, mixed, full] = bits.to_le_bytes();
        Self { complete, unanswered, mixed: mixed != 0, full: full != 0 }
    }

    pub fn bits(self) -> u32 {
        u32::from_le_bytes([self.complete, self.unanswered, self.mixed.into(), self.full.into()])
    }

    /// Rule R. A read was done that asked for `asked` bytes. Whether all commands of the reads
    /// before it have been executed.
    ///
    /// `rbuf_len`: what the server asks for when its buffer is empty, 0 if that is not known. It
    /// reads twice in a row only when the buffer is full, and then asks for a multiple of that.
    /// `at_boundary`: no command is half read; then it has written all replies, too.
    pub fn read(&mut self, asked: u64, rbuf_len: u32, at_boundary: bool) -> bool {
        if self.full && may_follow_at_once(asked, rbuf_len) {
            return false;
        }
        self.complete = 0;
        if at_boundary {
            self.unanswered = 0;
            self.mixed = false;
        }
        true
    }

    /// Whether that read gave all that it asked for.
    pub fn has_read(&mut self, all: bool) {
        self.full = all;
    }

    /// A command was read to its end.
    pub fn command(&mut self, reply: Reply) {
        self.complete = self.complete.saturating_add(1);
        match self.unanswered.checked_add(1) {
            Some(unanswered) if reply == Reply::OneLine => self.unanswered = unanswered,
            _ => self.mixed = true,
        }
    }

    /// A write begins in which `lines` counts the lines, `None` if they are more than it is told.
    /// Whether all commands that were read have been executed.
    pub fn write(&mut self, lines: impl FnOnce(u32) -> Option<u32>) -> bool {
        let expected = u32::from(self.unanswered);
        let all = match self.complete {
            0 => return false,
            // Rule S. Nothing is written between a command that was read and its execution.
            1 => true,
            // Rule L. One line for each, in their order.
            _ => !self.mixed && expected <= MAX_LINES && lines(expected) == Some(expected),
        };
        if all {
            self.all_executed();
        } else {
            self.mixed = true;
        }
        all
    }

    /// Whatever was read has been executed.
    pub fn all_executed(&mut self) {
        *self = Self { full: self.full, ..Self::default() };
    }

    /// Only rule R is left.
    pub fn wait_for_read(&mut self) {
        self.complete = self.complete.max(2);
        self.mixed = true;
    }

    pub fn is_one_command(self) -> bool {
        self.complete == 1
    }
}

fn may_follow_at_once(asked: u64, rbuf_len: u32) -> bool {
    matches!(rbuf_len, 0 | u32::MAX) || asked % u64::from(rbuf_len) == 0
}

/// A read of a connection of which the position is not known held exactly whole commands, if it
/// began at the first byte of one. A write that follows it may prove that it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trial {
    /// By any text.
    Text,
    /// By a reply that no `get` has, to one command.
    Stored,
    /// By a binary reply.
    Binary,
}

impl Trial {
    /// `after_line`: the read before was not full and ended with the end of a line. `empty`: this
    /// one asked for what a server asks for that has an empty buffer. `binary`: it begins with the
    /// byte that binary commands begin with. `one_line`: it is one line. `one_command`: it is one
    /// command.
    pub fn of(
        after_line: bool,
        empty: bool,
        binary: bool,
        one_line: bool,
        one_command: bool,
    ) -> Option<Self> {
        if binary {
            empty.then_some(Self::Binary)
        } else if after_line || empty && one_line {
            Some(Self::Text)
        } else {
            (empty && one_command).then_some(Self::Stored)
        }
    }

    /// All bits that it can have in a connection's flags.
    pub const FLAGS: u32 = 4 | 8 | 16;

    /// Its bit there.
    pub fn flag(self) -> u32 {
        match self {
            Self::Text => 4,
            Self::Stored => 8,
            Self::Binary => 16,
        }
    }

    pub fn of_flags(flags: u32) -> Option<Self> {
        let all = [Self::Text, Self::Stored, Self::Binary];
        all.into_iter().find(|trial| trial.flag() == flags & Self::FLAGS)
    }

    /// Whether a write that begins like this proves it.
    pub fn is_proven_by(self, reply: &[u8; 8]) -> bool {
        match self {
            Self::Text => reply[0] < 0x80,
            Self::Stored => reply == b"STORED\r\n" || reply.starts_with(b"HD\r\n"),
            Self::Binary => reply[0] == 0x81,
        }
    }
}

/// How the sequence number behind what was read fits what was read before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    Next,
    /// With the end of the stream, or so it seems.
    End,
    /// A read was missed.
    Lapse,
}

impl Position {
    pub fn of(before: u32, after: u32, len: u32) -> Self {
        match after.wrapping_sub(before).wrapping_sub(len) {
            0 => Self::Next,
            1 => Self::End,
            _ => Self::Lapse,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Reply::{None as Quiet, OneLine, Other};

    const RBUF: u32 = 16384;

    fn after(commands: &[Reply]) -> Progress {
        let mut progress = Progress::default();
        commands.iter().for_each(|reply| progress.command(*reply));
        progress
    }

    #[test]
    fn bits_keep_all() {
        for complete in [0, 1, 255] {
            for unanswered in [0, 7] {
                for (mixed, full) in [(false, false), (true, false), (false, true), (true, true)] {
                    let progress = Progress { complete, unanswered, mixed, full };
                    assert_eq!(Progress::from_bits(progress.bits()), progress);
                }
            }
        }
    }

    #[test]
    fn a_read_after_one_that_was_not_full_tells() {
        let mut progress = after(&[Quiet, Quiet]);
        progress.has_read(false);
        assert!(progress.read(16384, RBUF, true));
        assert_eq!(progress, Progress::default());
    }

    #[test]
    fn a_read_after_a_full_one_may_follow_at_once() {
        for (asked, rbuf_len, tells) in [
            (16384, RBUF, false),
            (32768, RBUF, false),
            (65536, RBUF, false),
            (16383, RBUF, true),
            (1002, RBUF, true),
            (1002, 0, false),
            (1002, u32::MAX, false),
        ] {
            let mut progress = after(&[OneLine]);
            progress.has_read(true);
            assert_eq!(progress.read(asked, rbuf_len, false), tells, "{asked} {rbuf_len}");
            assert_eq!(progress.is_one_command(), !tells);
        }
    }

    #[test]
    fn one_command_is_executed_when_something_is_written() {
        for reply in [Quiet, OneLine, Other] {
            let mut progress = after(&[reply]);
            assert!(progress.write(|_| panic!("not counted")));
            assert!(!progress.write(|_| panic!("nothing is outstanding")));
        }
    }

    #[test]
    fn as_many_lines_as_commands() {
        assert!(after(&[OneLine; 3]).write(|_| Some(3)));
        assert!(!after(&[OneLine; 3]).write(|_| Some(2)));
        assert!(!after(&[OneLine; 3]).write(|_| Some(4)));
        assert!(!after(&[OneLine; 3]).write(|_| None));
        assert!(!after(&[OneLine, Quiet]).write(|_| Some(1)));
        assert!(!after(&[OneLine, Other]).write(|_| Some(2)));
        assert!(!after(&[OneLine; 33]).write(|_| Some(33)));
        assert!(!after(&[OneLine; 300]).write(|_| Some(300 - 256)));
    }

    #[test]
    fn lines_in_two_writes_do_not_tell() {
        let mut progress = after(&[OneLine; 3]);
        assert!(!progress.write(|_| Some(2)));
        // that many lines, but of which commands?
        assert!(!progress.write(|_| Some(3)));
        progress.command(OneLine);
        assert!(!progress.write(|_| Some(4)));
        assert!(progress.read(100, RBUF, true));
        progress.command(OneLine);
        progress.command(OneLine);
        assert!(progress.write(|_| Some(2)));
    }

    #[test]
    fn a_reply_that_waits_is_counted_with_the_next() {
        // a whole command and half a set: the first is executed when the value is read,
        let mut progress = after(&[OneLine]);
        assert!(progress.read(100, RBUF, false));
        // but its reply is written with those of the next three.
        (0..3).for_each(|_| progress.command(OneLine));
        let mut other = progress;
        assert!(!progress.write(|_| Some(3)));
        assert!(other.write(|_| Some(4)));
    }

    #[test]
    fn waiting_for_a_read_is_for_no_write() {
        let mut progress = after(&[OneLine]);
        progress.wait_for_read();
        assert!(!progress.write(|_| Some(1)));
        assert!(progress.read(10, RBUF, true));
    }

    #[test]
    fn trials() {
        use Trial::{Binary, Stored, Text};
        let of = |bits: u8| {
            let bit = |n: u8| bits >> n & 1 != 0;
            Trial::of(bit(0), bit(1), bit(2), bit(3), bit(4))
        };
        const AFTER_LINE: u8 = 1;
        const EMPTY: u8 = 2;
        const BINARY: u8 = 4;
        const ONE_LINE: u8 = 8;
        const ONE_COMMAND: u8 = 16;
        for bits in 0..32 {
            let expected = match bits {
                _ if bits & BINARY != 0 => (bits & EMPTY != 0).then_some(Binary),
                _ if bits & AFTER_LINE != 0 => Some(Text),
                _ if bits & EMPTY == 0 => None,
                _ if bits & ONE_LINE != 0 => Some(Text),
                _ if bits & ONE_COMMAND != 0 => Some(Stored),
                _ => None,
            };
            assert_eq!(of(bits), expected, "{bits:05b}");
        }
        assert!(Text.is_proven_by(b"VALUE a "));
        assert!(!Text.is_proven_by(b"\x81\0\0\0\0\0\0\0"));
        assert!(Stored.is_proven_by(b"STORED\r\n"));
        assert!(Stored.is_proven_by(b"HD\r\n\0\0\0\0"));
        assert!(!Stored.is_proven_by(b"VALUE a "));
        assert!(!Stored.is_proven_by(b"END\r\n\0\0\0"));
        assert!(Binary.is_proven_by(b"\x81\0\0\0\0\0\0\0"));
        assert!(!Binary.is_proven_by(b"ERROR\r\n\0"));
    }

    #[test]
    fn positions() {
        assert_eq!(Position::of(10, 15, 5), Position::Next);
        assert_eq!(Position::of(u32::MAX - 1, 3, 5), Position::Next);
        assert_eq!(Position::of(10, 16, 5), Position::End);
        assert_eq!(Position::of(10, 17, 5), Position::Lapse);
        assert_eq!(Position::of(10, 14, 5), Position::Lapse);
        assert_eq!(Position::of(10, 11, 0), Position::End);
    }
}
