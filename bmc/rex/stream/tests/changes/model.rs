// SPDX-License-Identifier: GPL-2.0-only
//! A model of how memcached reads, executes and answers, with everything it is free to do: commands
//! cut anywhere, a buffer that is full, yields, writes in part. Whatever it does, a mutation that
//! was read and is not executed is pending; and once it rests, nothing is.

use super::*;
use std::collections::VecDeque;

/// Much smaller than memcached's, so that it is often full.
const RSIZE: usize = 64;

struct Command {
    text: Vec<u8>,
    /// Bytes of the line.
    line: usize,
    key: Option<String>,
    reply: Vec<u8>,
    executed: bool,
}

impl Command {
    fn new(line: String, value: Option<usize>, key: Option<String>, reply: String) -> Self {
        let mut text = line.into_bytes();
        let line = text.len();
        if let Some(len) = value {
            // A value that looks like what it is not.
            text.extend(b"\r\ndelete x\r\n".iter().cycle().take(len));
            text.extend(b"\r\n");
        }
        Self { text, line, key, reply: reply.into_bytes(), executed: false }
    }

    /// `plain`: one that is answered with one line.
    fn random(random: &mut Random, plain: bool) -> Self {
        let key = format!("key{}", random.below(40));
        let noreply = !plain && random.percent(30);
        let (end, ok) = if noreply { (" noreply\r\n", "") } else { ("\r\n", "DONE\r\n") };
        let most = if random.percent(20) { 300 } else { 10 };
        let len = random.below(most);
        let some = Some(key.clone());
        match random.below(if plain { 7 } else { 12 }) {
            0..4 => Self::new(format!("set {key} 0 0 {len}{end}"), Some(len), some, ok.into()),
            4..6 => Self::new(format!("delete {key}{end}"), None, some, ok.into()),
            6 => Self::new(format!("incr {key} 1{end}"), None, some, ok.into()),
            // An error is written, whatever the command says.
            7 => Self::new(format!("decr {key} 1{end}"), None, some, "CLIENT_ERROR x\r\n".into()),
            8 => {
                let keys = format!("get {}\r\n", vec!["k"; 1 + random.below(80)].join(" "));
                Self::new(keys, None, None, "VALUE k 0 1\r\nx\r\nEND\r\n".into())
            }
            9 => Self::new("version\r\n".into(), None, None, "VERSION 1\r\n".into()),
            10 if random.percent(10) => {
                Self::new(format!("flush_all{end}"), None, Some("any".into()), ok.into())
            }
            _ => Self::new(format!("get {key}\r\n"), None, None, "END\r\n".into()),
        }
    }
}

/// One connection, from both sides.
struct Model<'a> {
    tcp: Tcp<'a>,
    commands: Vec<Command>,
    /// Bytes that the client has yet to send, and those that wait in the socket.
    to_send: VecDeque<u8>,
    socket: VecDeque<u8>,
    /// Bytes that were read, and how many were before somebody looked.
    read: usize,
    unseen: usize,
    rbuf: Vec<u8>,
    rsize: usize,
    malloced: bool,
    /// The command that is next, and bytes of its value that are missing.
    next: usize,
    missing: Option<usize>,
    replies: Vec<u8>,
}

impl<'a> Model<'a> {
    fn new(server: &'a Server, random: &mut Random, commands: usize, plain: bool) -> Self {
        let commands: Vec<_> = (0..commands).map(|_| Command::random(random, plain)).collect();
        let to_send = commands.iter().flat_map(|command| command.text.clone()).collect();
        Self {
            tcp: server.tcp(),
            commands,
            to_send,
            socket: VecDeque::new(),
            read: 0,
            unseen: 0,
            rbuf: Vec::new(),
            rsize: RSIZE,
            malloced: false,
            next: 0,
            missing: None,
            replies: Vec::new(),
        }
    }

    /// No value of a key that a command in flight changes may be put in.
    fn check(&self) {
        let mut start = 0;
        for command in &self.commands {
            let (line, end) = (start + command.line, start + command.text.len());
            start = end;
            let Some(key) = command.key.as_ref().filter(|_| !command.executed) else { continue };
            // Of a command that began before somebody looked, the end is what counts.
            let read = if line > self.unseen { self.read >= line } else { self.read >= end };
            if read && end > self.unseen {
                assert!(!quiet(key), "{}", command.text.escape_ascii());
            }
        }
    }

    fn read(&mut self, asked: usize, seen: bool) -> Vec<u8> {
        let len = asked.min(self.socket.len());
        let bytes: Vec<u8> = self.socket.drain(..len).collect();
        self.read += len;
        if seen {
            self.tcp.read_asking(&bytes, asked);
        } else if len > 0 {
            self.tcp.skip();
            self.unseen = self.read;
        }
        self.check();
        bytes
    }

    /// try_read_network(): whether something came.
    fn read_network(&mut self, seen: bool) -> bool {
        let mut got = false;
        for _ in 0..4 {
            if self.rbuf.len() >= self.rsize && self.malloced {
                self.rsize *= 2;
            }
            let room = self.rsize - self.rbuf.len();
            let bytes = self.read(room, seen);
            self.rbuf.extend(&bytes);
            got |= !bytes.is_empty();
            if bytes.len() < room || !self.malloced {
                break;
            }
        }
        got
    }

    fn execute(&mut self) {
        self.check();
        let command = &mut self.commands[self.next];
        command.executed = true;
        self.replies.extend(&command.reply);
        self.next += 1;
        self.missing = None;
    }

    /// Writes all replies, in as many calls as it takes.
    fn flush(&mut self, random: &mut Random) {
        while !self.replies.is_empty() {
            let taken = if random.percent(70) { self.replies.len() } else { random.below(20) };
            let taken: Vec<u8> = self.replies.drain(..taken.min(self.replies.len())).collect();
            if !taken.is_empty() {
                self.tcp.write(&[&taken]);
            }
            self.check();
        }
    }

    /// One event: until it waits for more bytes, or for its turn. Whether it waits.
    fn drive(&mut self, random: &mut Random, mut turns: usize, seen: bool) -> bool {
        loop {
            if let Some(missing) = self.missing {
                let from_buffer = missing.min(self.rbuf.len());
                self.rbuf.drain(..from_buffer);
                let missing = missing - from_buffer;
                // A large item is read into several places.
                let asked = if random.percent(30) { missing.div_ceil(2) } else { missing };
                let got = if missing == 0 { 0 } else { self.read(asked, seen).len() };
                self.missing = Some(missing - got);
                if missing - got == 0 {
                    self.execute();
                    continue;
                }
                if got == 0 {
                    return true;
                }
                continue;
            }
            if turns == 0 {
                self.flush(random);
                return false;
            }
            if self.rbuf.contains(&b'\n') {
                turns -= 1;
                let command = &self.commands[self.next];
                self.rbuf.drain(..command.line);
                match command.text.len() - command.line {
                    0 => self.execute(),
                    value => self.missing = Some(value),
                }
                continue;
            }
            if self.rbuf.len() == self.rsize {
                self.malloced = true;
            }
            if self.rbuf.is_empty() && self.malloced {
                (self.malloced, self.rsize) = (false, RSIZE);
            }
            self.flush(random);
            if !self.read_network(seen) {
                return true;
            }
        }
    }
}

/// Several connections; of each, the first `unseen` events are before anybody looks.
fn run(seed: u64, unseen: usize) {
    let server = server();
    let mut random = Random::new(seed);
    // What the first of all connections shows.
    server.tcp().read_asking(b"version\r\n", RSIZE);
    let yields = 1 + random.below(20);
    let plain = random.percent(50);
    let mut models: Vec<_> = (0..3).map(|_| Model::new(&server, &mut random, 40, plain)).collect();
    let mut events = 0;
    while models.iter().any(|model| model.next < model.commands.len()) {
        let turn = random.below(models.len());
        events += 1;
        let seen = events > unseen;
        let model = &mut models[turn];
        let burst = [1, 10, 100, 1000][random.below(4)];
        let burst = random.below(burst + 1).min(model.to_send.len());
        model.socket.extend(model.to_send.drain(..burst));
        server.thread(turn as u32 + 1);
        model.drive(&mut random, yields, seen);
        for model in &models {
            model.check();
        }
    }
    // Clients go on, one command at a time.
    for (i, model) in models.iter_mut().enumerate() {
        server.thread(i as u32 + 1);
        for _ in 0..3 {
            model.tcp.read_asking(b"version\r\n", RSIZE);
            model.tcp.write(&[b"VERSION 1\r\n"]);
        }
    }
    assert_eq!((pending_all(), hidden(), blind()), (0, 0, false));
    assert!((0..40).all(|i| quiet(&format!("key{i}"))));
    if unseen == 0 {
        assert_eq!(counted(Stat::ConnsUnsynced), 0);
    }
}

fn mixed(seed: u64) -> u64 {
    seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[test]
fn what_is_in_flight_is_pending() {
    (0..400).for_each(|seed| run(mixed(seed).wrapping_add(99), 0));
}

#[test]
fn so_it_is_on_connections_that_are_older() {
    (0..400).for_each(|seed| run(mixed(seed).wrapping_add(7), 1 + seed as usize % 50));
}
