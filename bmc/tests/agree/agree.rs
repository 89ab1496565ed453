// SPDX-License-Identifier: GPL-2.0-only
//! Whether the parser of bmc/proto understands streams of commands as a real memcached does.
//!
//! Both get the same bytes. Agreed is: each item that has changed is one of which the parser said
//! so, with that expiry; there are as many replies as commands that have one, of the form that it
//! said; and a command behind the stream is understood by both.

extern crate bmc_proto as proto;

mod check;
mod generate;
mod gets;
mod random;
mod replies;
mod server;

use check::Verdict;
use random::Random;
use server::Server;
use std::time::Instant;

const USAGE: &str =
    "usage: bmc-proto-agree [--memcached PROGRAM] [--streams N] [--gets N] [--seed N]";

struct Options {
    program: String,
    streams: u64,
    gets: u64,
    seed: u64,
}

fn options() -> Option<Options> {
    let mut options = Options {
        program: "memcached".into(),
        streams: 3000,
        gets: 3000,
        seed: u64::from(std::process::id()) << 32
            | u64::from(Instant::now().elapsed().subsec_nanos()),
    };
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        let value = args.next()?;
        match name.as_str() {
            "--memcached" => options.program = value,
            "--streams" => options.streams = value.parse().ok()?,
            "--gets" => options.gets = value.parse().ok()?,
            "--seed" => options.seed = value.parse().ok()?,
            _ => return None,
        }
    }
    Some(options)
}

fn run(options: &Options) -> Result<(), String> {
    let start = Instant::now();
    let mut server = Server::start(&options.program)?;
    println!("# {}, seed {}", server.version()?, options.seed);
    let mut random = Random::new(options.seed);
    let (mut agreed, mut lost) = (0, 0);
    let mut checker = check::Checker::new(server.state()?);
    while agreed < options.streams {
        let mut stream = generate::stream(&mut random, &checker.ids());
        match checker.check(&mut server, &mut random, &mut stream) {
            Ok(Verdict::Agreed) => agreed += 1,
            Ok(Verdict::Lost) => lost += 1,
            Err(why) => {
                let shown = stream.escape_ascii().to_string();
                return Err(format!(
                    "stream {agreed} of seed {}: {why}\nstream: {shown}",
                    options.seed
                ));
            }
        }
        // A parser that gives up cannot be wrong.
        if lost > 1000 + agreed {
            return Err(format!("given up {lost} times, agreed {agreed} times"));
        }
    }
    println!("# {}", checker.seen());
    let (accepted, refused) = gets::check(&mut server, &mut random, options.gets)?;
    println!(
        "# agreed on {agreed} streams ({lost} more were given up) and {accepted} spellings of get \
         ({refused} refused), {:.1} s",
        start.elapsed().as_secs_f64()
    );
    Ok(())
}

fn main() -> std::process::ExitCode {
    let Some(options) = options() else {
        eprintln!("{USAGE}");
        return 2.into();
    };
    match run(&options) {
        Ok(()) => 0.into(),
        Err(why) => {
            println!("{why}");
            1.into()
        }
    }
}
