// SPDX-License-Identifier: GPL-2.0-only
//! When is it certain that a command that was read has been executed? docs/bmc-protocol.md proves
//! these rules; here they are as arithmetic.

/// How far the server is with the commands of one connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Commands read since the last time that all were known to be executed.
    complete: u8,
    /// The last read gave all that it asked for: the server may have gone on reading at once.
    full: bool,
}

impl Progress {
    pub fn from_bits(bits: u32) -> Self {
        let [complete, full, ..] = bits.to_le_bytes();
        Self { complete, full: full != 0 }
    }

    /// Whether the next read shows that all commands of those before it have been executed, whatever
    /// it asks for.
    #[inline(always)]
    pub fn proves(self) -> bool {
        !self.full
    }

    pub fn bits(self) -> u32 {
        u32::from_le_bytes([self.complete, self.full.into(), 0, 0])
    }

    /// Rule R. A read was done that asked for `asked` bytes. Whether all commands of the reads
    /// before it have been executed.
    ///
    /// `rbuf_len`: what the server asks for when its buffer is empty, 0 if that is not known. It
    /// reads twice in a row only when the buffer is full, and then asks for a multiple of that.
    pub fn read(&mut self, asked: u64, rbuf_len: u32) -> bool {
        if self.full && may_follow_at_once(asked, rbuf_len) {
            return false;
        }
        self.complete = 0;
        true
    }

    /// Whether that read gave all that it asked for.
    pub fn has_read(&mut self, all: bool) {
        self.full = all;
    }

    /// A command was read to its end.
    pub fn command(&mut self) {
        self.complete = self.complete.saturating_add(1);
    }

    /// Rule S. Something is written. Whether all commands that were read have been executed: nothing
    /// is written between a command that was read and its execution.
    pub fn write(&mut self) -> bool {
        let all = self.complete == 1;
        if all {
            self.all_executed();
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

#[cfg(test)]
mod tests {
    use super::*;

    const RBUF: u32 = 16384;

    fn after(commands: usize) -> Progress {
        let mut progress = Progress::default();
        (0..commands).for_each(|_| progress.command());
        progress
    }

    #[test]
    fn bits_keep_all() {
        for complete in [0, 1, 255] {
            for full in [false, true] {
                let progress = Progress { complete, full };
                assert_eq!(Progress::from_bits(progress.bits()), progress);
            }
        }
    }

    #[test]
    fn a_read_after_one_that_was_not_full_tells() {
        let mut progress = after(2);
        progress.has_read(false);
        assert!(progress.read(16384, RBUF));
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
            let mut progress = after(1);
            progress.has_read(true);
            assert_eq!(progress.read(asked, rbuf_len), tells, "{asked} {rbuf_len}");
            assert_eq!(progress.is_one_command(), !tells);
        }
    }

    #[test]
    fn one_command_is_executed_when_something_is_written() {
        let mut progress = after(1);
        assert!(progress.write());
        assert!(!progress.write(), "nothing is outstanding");
        for several in [2, 255, 256, 257, 1000] {
            assert!(!after(several).write(), "which of them?");
        }
    }

    #[test]
    fn waiting_for_a_read_is_for_no_write() {
        let mut progress = after(1);
        progress.wait_for_read();
        assert!(!progress.write());
        assert!(progress.read(10, RBUF));
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
}
