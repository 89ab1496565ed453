// SPDX-License-Identifier: GPL-2.0-only
//! Clients, their queues in the kernel, and memcached with everything that it is free to do: commands
//! cut anywhere, a buffer that is full, yields, replies that wait or are written in part. In between,
//! the program answers. Every reply must come in its turn, and no value may be older than the
//! command that asks for it; and when the last reply has come, nothing is pending.

use super::*;
use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Much smaller than memcached's, so that it is often full.
const RSIZE: usize = 64;
const KEYS: usize = 6;
/// memcached has no room for longer values.
const TOO_LARGE: usize = 250;

/// The replies to a command.
#[derive(Clone)]
enum Reply {
    Nothing,
    Text(&'static str),
    /// A value for some of these keys, in their order; with their numbers.
    Values(Vec<usize>, bool),
    /// The value of a key, and what ends the line. Quiet: nothing, if there is none.
    Meta(usize, String, bool),
}

#[derive(Clone)]
enum Does {
    Nothing,
    Set(usize, usize),
    Delete(usize),
    /// As delete, as soon as the line is read; the value is thrown away.
    TooLarge(usize),
}

#[derive(Clone)]
struct Command {
    text: Vec<u8>,
    /// Bytes of the line.
    line: usize,
    does: Does,
    reply: Reply,
    /// When its last byte was sent.
    sent: usize,
}

fn key(n: usize) -> String {
    format!("key{n}")
}

impl Command {
    fn new(line: String, does: Does, reply: Reply) -> Self {
        let line = line.into_bytes();
        Self { line: line.len(), text: line, does, reply, sent: 0 }
    }

    /// A command that stores a value: one that looks like what it is not, and is that of the number.
    fn store(line: String, n: usize, len: usize, does: Does, reply: Reply) -> Self {
        let mut command = Self::new(line, does, reply);
        command.text.extend(value(n, len));
        command.text.extend(b"\r\n");
        command
    }

    /// GETs are of one of so many `keys`, most of which may have no value ever.
    fn random(random: &mut Random, serial: usize, gets: usize, keys: usize) -> Self {
        use Does::Nothing as No;
        let (n, k) = (random.below(KEYS), random.below(keys));
        let most = if random.percent(20) { TOO_LARGE - 1 } else { 20 };
        let len = random.below(most);
        if random.percent(gets) {
            return match random.below(10) {
                0 => Self::new(format!("gets {}\r\n", key(k)), No, Reply::Values(vec![k], true)),
                1 | 2 => {
                    let keys: Vec<_> =
                        (0..2 + random.below(4)).map(|_| random.below(keys)).collect();
                    let names: Vec<_> = keys.iter().map(|k| key(*k)).collect();
                    Self::new(
                        format!("get {}\r\n", names.join(" ")),
                        No,
                        Reply::Values(keys, false),
                    )
                }
                3 => {
                    let quiet = random.percent(50);
                    let opaque = format!("O{serial}");
                    let q = if quiet { " q" } else { "" };
                    // With the key it fills, without it can be answered.
                    let (ask, say) = match random.percent(50) {
                        true => (" k", format!("{opaque} k{}", key(k))),
                        false => ("", opaque.clone()),
                    };
                    let line = format!("mg {} f v c {opaque}{ask}{q}\r\n", key(k));
                    Self::new(line, No, Reply::Meta(k, say, quiet))
                }
                4 => Self::new("mn\r\n".into(), No, Reply::Text("MN\r\n")),
                _ => Self::new(format!("get {}\r\n", key(k)), No, Reply::Values(vec![k], false)),
            };
        }
        let set = |end: &str, reply| {
            let line = format!("set {} {serial} 0 {}{end}\r\n", key(n), value(serial, len).len());
            Self::store(line, serial, len, Does::Set(n, len), reply)
        };
        match random.below(10) {
            0..4 => set("", Reply::Text("STORED\r\n")),
            4 | 5 => set(" noreply", Reply::Nothing),
            6 => Self::new(
                format!("delete {}\r\n", key(n)),
                Does::Delete(n),
                Reply::Text("DONE\r\n"),
            ),
            7 => {
                let line = format!("set {} {serial} 0 {}\r\n", key(n), TOO_LARGE + len);
                let mut command =
                    Self::new(line, Does::TooLarge(n), Reply::Text("SERVER_ERROR\r\n"));
                command.text.extend(b"\r\ndelete x\r\n".iter().cycle().take(TOO_LARGE + len));
                command.text.extend(b"\r\n");
                command
            }
            // An error is written, whatever the command says.
            8 => Self::new("touch x 0 noreply\r\n".into(), No, Reply::Text("CLIENT_ERROR\r\n")),
            _ => Self::new("version\r\n".into(), No, Reply::Text("VERSION 1\r\n")),
        }
    }
}

/// The value of a number, which is also what `gets` says.
fn value(n: usize, len: usize) -> Vec<u8> {
    [format!("{n}:").as_bytes(), &b"\r\nEND\r\nVALUE k 0 1\r\n".repeat(20)[..len]].concat()
}

/// What memcached has of each key, now and before: from when on, which number and how long.
#[derive(Default)]
struct World {
    now: usize,
    history: BTreeMap<usize, Vec<(usize, Option<(usize, usize)>)>>,
}

impl World {
    fn put(&mut self, k: usize, item: Option<(usize, usize)>) {
        self.history.entry(k).or_default().push((self.now, item));
    }

    fn get(&self, k: usize) -> Option<(usize, usize)> {
        self.history.get(&k).and_then(|all| all.last()).and_then(|(_, item)| *item)
    }

    /// Whether the key had this number, or none, at some time since `then`.
    #[track_caller]
    fn check(&self, k: usize, number: Option<usize>, then: usize) {
        let none = vec![(0, None)];
        let all = [&none[..], self.history.get(&k).map_or(&[], |all| &all[..])].concat();
        let good = all.iter().enumerate().any(|(i, (_, item))| {
            let until = all.get(i + 1).map_or(usize::MAX, |(from, _)| *from);
            item.map(|(n, _)| n) == number && until > then
        });
        assert!(good, "key{k}: {number:?} after {then}, of {all:?}");
    }
}

/// One connection, from both sides.
struct Model<'s, F> {
    tcp: Connection<'s, Conn, F>,
    commands: Vec<Command>,
    to_send: VecDeque<u8>,
    sent: usize,
    /// Bytes of replies that the client has looked at, and the command that is answered next.
    seen: usize,
    answered: usize,
    rbuf: Vec<u8>,
    rsize: usize,
    malloced: bool,
    read_again: bool,
    /// Bytes of the value of the current command that are missing.
    missing: Option<(Command, usize)>,
    replies: Vec<u8>,
    writing: bool,
}

impl<'s, F: FnMut(&mut Stream<'_, Conn>) -> StreamVerdict> Model<'s, F> {
    fn new(tcp: Connection<'s, Conn, F>, commands: Vec<Command>) -> Self {
        let to_send = commands.iter().flat_map(|command| command.text.clone()).collect();
        Self {
            tcp,
            commands,
            to_send,
            sent: 0,
            seen: 0,
            answered: 0,
            rbuf: Vec::new(),
            rsize: RSIZE,
            malloced: false,
            read_again: false,
            missing: None,
            replies: Vec::new(),
            writing: false,
        }
    }

    fn is_done(&self) -> bool {
        self.answered == self.commands.len()
    }

    /// The client sends some bytes. A patient one waits for the reply to each command; one that is
    /// `tidy` sends whole commands when the server has read those before.
    fn send(&mut self, world: &World, most: usize, patient: bool, tidy: bool) {
        let (mut start, mut i) = (0, 0);
        while i < self.commands.len() && start + self.commands[i].text.len() <= self.sent {
            start += self.commands[i].text.len();
            i += 1;
        }
        let Some(command) = self.commands.get(i) else { return };
        let mut most = most.min(self.to_send.len());
        if tidy {
            if !self.tcp.unread().is_empty() {
                return;
            }
            let commands = self.commands.iter().skip(i).take(1 + most % 3);
            most = start + commands.map(|command| command.text.len()).sum::<usize>() - self.sent;
        }
        if patient {
            let before = self.commands.get(self.answered..i).unwrap_or_default();
            if before.iter().any(Command::is_surely_answered) {
                return;
            }
            most = most.min(start + command.text.len() - self.sent);
        }
        let bytes: Vec<u8> = self.to_send.drain(..most).collect();
        self.sent += bytes.len();
        self.stamp(world);
        self.tcp.receive(&bytes).expect("no fault");
    }

    fn stamp(&mut self, world: &World) {
        let mut end = 0;
        for command in &mut self.commands {
            end += command.text.len();
            if end > self.sent {
                break;
            }
            if command.sent == 0 {
                command.sent = world.now;
            }
        }
    }

    fn read(&mut self, asked: usize) -> Vec<u8> {
        self.tcp.read(asked).expect("no fault")
    }

    /// The command at the start of the buffer.
    fn parse(&mut self) -> Option<Command> {
        let end = self.rbuf.iter().position(|byte| *byte == b'\n')? + 1;
        let line: Vec<u8> = self.rbuf.drain(..end).collect();
        // By its text: they are different where it matters.
        let like = |command: &&Command| command.text[..command.line] == line;
        Some(self.commands.iter().find(like).expect("a command of the client").clone())
    }

    fn execute(&mut self, world: &mut World, command: &Command, number: usize) {
        match command.does {
            Does::Nothing => {}
            Does::Set(k, len) => world.put(k, Some((number, len))),
            Does::Delete(k) | Does::TooLarge(k) => world.put(k, None),
        }
        match &command.reply {
            Reply::Nothing => {}
            Reply::Text(text) => self.replies.extend(text.as_bytes()),
            Reply::Values(keys, cas) => {
                for k in keys {
                    if let Some((n, len)) = world.get(*k) {
                        let value = value(n, len);
                        let cas = if *cas { format!(" {n}") } else { String::new() };
                        let line = format!("VALUE {} {n} {}{cas}\r\n", key(*k), value.len());
                        self.replies.extend([line.as_bytes(), &value, b"\r\n"].concat());
                    }
                }
                self.replies.extend(b"END\r\n");
            }
            Reply::Meta(k, end, quiet) => match world.get(*k) {
                Some((n, len)) => {
                    let value = value(n, len);
                    let line = format!("VA {} f{n} c{n} {end}\r\n", value.len());
                    self.replies.extend([line.as_bytes(), &value, b"\r\n"].concat());
                }
                None if *quiet => {}
                None => self.replies.extend(b"EN\r\n"),
            },
        }
    }

    /// One step of memcached.
    fn step(&mut self, world: &mut World, random: &mut Random) {
        if self.writing {
            let all = self.replies.len();
            let len = if random.percent(70) { all } else { random.below(20).min(all) };
            let bytes: Vec<u8> = self.replies.drain(..len).collect();
            self.writing = !self.replies.is_empty();
            if !bytes.is_empty() {
                self.tcp.write(&bytes).expect("no fault");
            }
            return;
        }
        if let Some((command, missing)) = self.missing.take() {
            return self.step_value(world, random, command, missing);
        }
        if self.read_again {
            return self.read_network();
        }
        // Some versions write after each command, some yield in between.
        if !self.replies.is_empty() && random.percent(30) {
            self.writing = true;
            return;
        }
        if let Some(command) = self.parse() {
            if matches!(command.does, Does::TooLarge(_)) {
                self.execute(world, &command, 0);
            }
            match command.text.len() - command.line {
                0 => self.execute(world, &command, 0),
                value => self.missing = Some((command, value)),
            }
        } else if !self.replies.is_empty() {
            self.writing = true;
        } else {
            if self.rbuf.len() == self.rsize {
                self.malloced = true;
            }
            if self.rbuf.is_empty() && self.malloced {
                (self.malloced, self.rsize) = (false, RSIZE);
            }
            self.read_network();
        }
    }

    fn step_value(
        &mut self,
        world: &mut World,
        random: &mut Random,
        command: Command,
        missing: usize,
    ) {
        let from_buffer = missing.min(self.rbuf.len());
        let mut bytes: Vec<u8> = self.rbuf.drain(..from_buffer).collect();
        if bytes.is_empty() {
            // A large item is read into several places.
            bytes = self.read(if random.percent(30) { missing.div_ceil(2) } else { missing });
        }
        let start = command.text.len() - missing;
        assert!(command.text[start..].starts_with(&bytes), "not the bytes that were sent");
        if bytes.len() < missing {
            self.missing = Some((command, missing - bytes.len()));
        } else if let Does::Set(..) = command.does {
            let digits = command.text[command.line..].split(|byte| *byte == b':').next();
            let number = std::str::from_utf8(digits.expect("a number")).expect("digits");
            self.execute(world, &command, number.parse().expect("a number"));
        }
    }

    /// try_read_network()
    fn read_network(&mut self) {
        if self.rbuf.len() >= self.rsize && self.malloced {
            self.rsize *= 2;
        }
        let room = self.rsize - self.rbuf.len();
        let bytes = self.read(room);
        self.rbuf.extend(&bytes);
        self.read_again = bytes.len() == room && self.malloced && self.rsize < 8 * RSIZE;
    }

    /// The client looks at what it got.
    fn look(&mut self, world: &World) {
        while let Some(command) = self.commands.get(self.answered) {
            let got = self.tcp.sent()[self.seen..].to_vec();
            let Some(len) = command.is_answered_by(&got, world) else { return };
            self.seen += len;
            self.answered += 1;
        }
        assert_eq!(self.tcp.sent().len(), self.seen, "more replies than commands");
    }
}

impl Command {
    fn is_surely_answered(&self) -> bool {
        !matches!(self.reply, Reply::Nothing | Reply::Meta(_, _, true))
    }

    /// The length of the reply; `None`: it has not come.
    fn is_answered_by(&self, got: &[u8], world: &World) -> Option<usize> {
        let mut reply = Parse { got, at: 0 };
        match &self.reply {
            Reply::Nothing => {}
            Reply::Text(text) => reply.text(text)?,
            Reply::Values(keys, cas) => {
                for k in keys {
                    let cas = if *cas { " #" } else { "" };
                    let number = reply.value(&format!("VALUE {} # @{cas}", key(*k)))?;
                    world.check(*k, number, self.sent);
                }
                reply.text("END\r\n")?;
            }
            Reply::Meta(k, end, quiet) => {
                let number = reply.value(&format!("VA @ f# c# {end}"))?;
                world.check(*k, number, self.sent);
                if number.is_none() && !quiet {
                    reply.text("EN\r\n")?;
                }
            }
        }
        Some(reply.at)
    }
}

/// Takes a reply apart. `None`: it is not whole.
struct Parse<'a> {
    got: &'a [u8],
    at: usize,
}

impl<'a> Parse<'a> {
    fn line(&self) -> Option<&'a str> {
        let rest = &self.got[self.at..];
        let end = rest.iter().position(|byte| *byte == b'\n')? + 1;
        Some(std::str::from_utf8(&rest[..end]).expect("a line of text"))
    }

    fn text(&mut self, text: &str) -> Option<()> {
        assert_eq!(self.line()?, text);
        self.at += text.len();
        Some(())
    }

    /// A value, if this is one: the number that is in it, which its line has in `like` for `#`, and
    /// its length for `@`.
    fn value(&mut self, like: &str) -> Option<Option<usize>> {
        let line = self.line()?;
        let start = like.split(['#', '@']).next().unwrap_or_default();
        if !line.starts_with(start) {
            return Some(None);
        }
        let at = like.split(' ').position(|word| word == "@").expect("a length");
        let len = line.trim_end().split(' ').nth(at).expect("a length");
        let data = self.got.get(self.at + line.len()..)?.get(..len.parse::<usize>().ok()? + 2)?;
        let text = std::str::from_utf8(data).expect("text");
        let digits = text.split(':').next().expect("a number");
        let number = digits.parse().expect("a number");
        assert_eq!(data, [&value(number, data.len() - digits.len() - 3)[..], b"\r\n"].concat());
        if line.trim_end() != like.replace('#', digits).replace('@', len) {
            return Some(None);
        }
        self.at += line.len() + data.len();
        Some(Some(number))
    }
}

/// Runs some connections to their end: how many GETs were answered, and how many not tried.
fn run<F>(seed: u64, make: impl Fn(usize) -> F) -> (u64, u64)
where
    F: FnMut(&mut Stream<'_, Conn>) -> StreamVerdict,
{
    let session = start();
    // Room for few values that are written in pieces.
    session.set_max_entries(&store::BMC_PAGES, 8);
    let mut random = Random::new(seed);
    let mut world = World { now: 1, ..World::default() };
    let gets = [50, 80, 95][random.below(3)];
    let patient = random.percent(40);
    // In some runs, the first connection begins with GETs of which hardly any hits.
    let cold = if random.percent(40) { 300 } else { 0 };
    let tidy = cold > 0 && random.percent(80);
    let mut serial = 0;
    let mut models: Vec<_> = (0..3)
        .map(|i| {
            let commands = (0..cold + 60).map(|n| {
                serial += 1;
                let is_cold = i == 0 && n < cold;
                let (gets, keys) = if is_cold { (90, 50 * KEYS) } else { (gets, KEYS) };
                Command::random(&mut random, serial, gets, keys)
            });
            let mut commands: Vec<_> = commands.collect();
            // That a quiet command has no reply shows with the next one.
            let (no, reply) = (Does::Nothing, Reply::Text("VERSION 1\r\n"));
            commands.push(Command::new("version\r\n".into(), no, reply));
            Model::new(session.connection(make(i)), commands)
        })
        .collect();
    let burst = [1, 10, 100, 1000][random.below(4)];
    for _ in 0..200_000 {
        if models.iter().all(Model::is_done) {
            break;
        }
        world.now += 1;
        let model = &mut models[random.below(3)];
        if random.percent(30) {
            let burst = random.below(burst) + 1;
            model.send(&world, burst, patient, tidy);
        } else {
            model.step(&mut world, &mut random);
        }
        model.look(&world);
    }
    if let Some(model) = models.iter().find(|model| !model.is_done()) {
        let command = &model.commands[model.answered];
        let got = model.tcp.sent()[model.seen..].escape_ascii();
        panic!("no reply to {}, but {got}", command.text.escape_ascii());
    }
    // Clients go on, one command at a time.
    for model in &mut models {
        for _ in 0..3 {
            model.tcp.receive(b"version\r\n").expect("no fault");
            model.read(RSIZE);
            model.tcp.write(b"VERSION 1\r\n").expect("no fault");
        }
    }
    let meta = meta::get();
    assert_eq!((meta.pending_all.load(SeqCst), meta.blind.load(SeqCst)), (0, 0));
    assert!((0..KEYS).all(|k| quiet(&key(k))), "still pending");
    assert_eq!(counted(Stat::ConnsUnsynced), 0);
    (counted(Stat::TcpHits), counted(Stat::TcpBypassed))
}

fn mixed(seed: u64) -> u64 {
    seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(3)
}

#[test]
fn every_reply_in_its_turn_and_none_stale() {
    let (mut hits, mut bypassed) = (0, 0);
    for seed in 0..150 {
        let (more_hits, more_bypassed) = run(mixed(seed), |_| sockets);
        (hits, bypassed) = (hits + more_hits, bypassed + more_bypassed);
    }
    assert!(hits > 2000 && bypassed > 500, "{hits} hits, {bypassed} not tried");
}

/// Whether some run fails.
fn fails<F>(make: impl Fn(usize) -> F) -> bool
where
    F: FnMut(&mut Stream<'_, Conn>) -> StreamVerdict,
{
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let failed =
        (0..50).any(|seed| catch_unwind(AssertUnwindSafe(|| run(mixed(seed), &make))).is_err());
    std::panic::set_hook(hook);
    failed
}

#[test]
fn the_model_finds_an_answer_out_of_turn() {
    // Whatever is outstanding.
    assert!(fails(|_| |ctx: &mut Stream<'_, Conn>| match ctx.event() {
        StreamEvent::Ready(mut ready) => {
            let answer = crate::stream::ready::answer(ready.bytes(), ready.room());
            ready.consume(answer.consumed);
            ready.filled(answer.len);
            ready.answer()
        }
        _ => sockets(ctx),
    }));
}

#[test]
fn the_model_finds_a_mutation_that_was_not_seen() {
    // What the first connection reads is not shown.
    assert!(fails(|i| move |ctx: &mut Stream<'_, Conn>| match ctx.event() {
        StreamEvent::Read(_) if i == 0 => StreamVerdict::Pass,
        _ => sockets(ctx),
    }));
}

#[test]
fn the_model_finds_a_mutation_in_a_bypass() {
    // Nothing is looked at then.
    assert!(fails(|_| |ctx: &mut Stream<'_, Conn>| {
        let (event, conn) = ctx.split();
        match event {
            StreamEvent::Read(mut read) if conn.is_bypassing() => {
                read.without_ready();
                read.without_wrote();
                StreamVerdict::Pass
            }
            _ => sockets(ctx),
        }
    }));
}

#[test]
fn the_model_finds_an_answer_in_a_bypass() {
    // As if all was answered that is not to be looked at.
    assert!(fails(|_| |ctx: &mut Stream<'_, Conn>| {
        let (event, conn) = ctx.split();
        match event {
            StreamEvent::Read(mut read) if conn.is_bypassing() => {
                let whole = !read.is_full() && !read.has_more();
                if conn.bypasses(meta::get(), read.bytes(), whole, read.tid()) {
                    conn.suppose_answered();
                } else {
                    let given = conn.read(meta::get(), &shown(&read));
                    give(&mut read, given);
                }
                StreamVerdict::Pass
            }
            _ => sockets(ctx),
        }
    }));
}

/// As if each change came after many.
fn after_many_changes(ctx: &mut Stream<'_, Conn>) -> StreamVerdict {
    let (event, conn) = ctx.split();
    if let StreamEvent::Read(_) = event {
        conn.suppose_changes();
    }
    sockets(ctx)
}

#[test]
fn order_and_freshness_after_many_changes() {
    (0..150).for_each(|seed| _ = run(mixed(seed), |_| after_many_changes));
}

#[test]
fn the_model_finds_an_answer_after_many_changes() {
    // As if the first write were the whole reply, so that what comes next can be answered.
    assert!(fails(|_| |ctx: &mut Stream<'_, Conn>| {
        let (event, conn) = ctx.split();
        match event {
            StreamEvent::Read(mut read) => {
                conn.suppose_changes();
                let given = conn.read(meta::get(), &shown(&read));
                give(&mut read, Given { quiet: false, ..given });
                if given.quiet {
                    read.without_written_bytes();
                }
            }
            StreamEvent::Wrote(wrote) if wrote.bytes().is_empty() => conn.suppose_answered(),
            _ => return sockets(ctx),
        }
        StreamVerdict::Pass
    }));
}

#[test]
fn the_model_finds_an_early_end_of_many_changes() {
    // As if the change were executed before memcached gets it.
    assert!(fails(|_| |ctx: &mut Stream<'_, Conn>| {
        let verdict = after_many_changes(ctx);
        let (event, conn) = ctx.split();
        if let StreamEvent::Read(_) = event {
            conn.suppose_executed(meta::get());
        }
        verdict
    }));
}
