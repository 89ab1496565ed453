// SPDX-License-Identifier: GPL-2.0-only
//! A memcached of our own, and what is in it.

use crate::generate::base64;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// An item, but for its value: that does not change without the id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    pub id: u64,
    /// Seconds since 1970; -1: never.
    pub exptime: i64,
}

pub type State = HashMap<Vec<u8>, Item>;

pub struct Server {
    child: Child,
    port: u16,
    control: BufReader<TcpStream>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn connect(port: u16) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    // Whoever waits so long waits for ever.
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    Ok(stream)
}

impl Server {
    pub fn start(program: &str) -> Result<Self, String> {
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .map_err(|error| error.to_string())?
            .port();
        // While its thread moves items about, those are not always listed.
        let mut child = Command::new(program)
            .args(["-o", "no_lru_maintainer"])
            .args(["-u", "nobody", "-l", "127.0.0.1", "-U", "0", "-t", "1", "-m", "256", "-p"])
            .arg(port.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{program}: {error}"))?;
        for _ in 0..500 {
            if let Ok(stream) = connect(port) {
                return Ok(Self { child, port, control: BufReader::new(stream) });
            }
            if let Ok(Some(status)) = child.try_wait() {
                return Err(format!("{program}: {status}"));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = child.kill();
        Err(format!("{program}: does not listen on port {port}"))
    }

    /// Sends one command and reads its answer, up to the line that ends it.
    fn ask(&mut self, command: &[u8], ends: &[&[u8]]) -> Result<Vec<Vec<u8>>, String> {
        self.control.get_mut().write_all(command).map_err(|error| error.to_string())?;
        let mut lines = Vec::new();
        loop {
            let mut line = Vec::new();
            self.control.read_until(b'\n', &mut line).map_err(|error| error.to_string())?;
            if line.is_empty() {
                return Err("memcached ended".into());
            }
            let end = ends.iter().any(|end| line.starts_with(end));
            lines.push(line);
            if end {
                return Ok(lines);
            }
        }
    }

    pub fn version(&mut self) -> Result<String, String> {
        let lines = self.ask(b"version\r\n", &[b"VERSION"])?;
        Ok(String::from_utf8_lossy(&lines[0]).trim().into())
    }

    pub fn command(&mut self, command: &[u8]) -> Result<Vec<u8>, String> {
        Ok(self.ask(command, &[b""])?.concat())
    }

    /// The answer to a `get` on the control connection.
    pub fn get(&mut self, line: &[u8]) -> Result<Vec<u8>, String> {
        Ok(self.ask(line, &[b"END\r\n", b"ERROR", b"CLIENT_ERROR"])?.concat())
    }

    /// Sends the pieces of a stream on a new connection, and nothing more; all that comes back.
    pub fn exchange<'a>(&self, pieces: impl Iterator<Item = &'a [u8]>) -> Result<Vec<u8>, String> {
        let text = |error: std::io::Error| error.to_string();
        let mut stream = connect(self.port).map_err(text)?;
        let mut reader = stream.try_clone().map_err(text)?;
        // Both at once: neither side waits until the other has room.
        std::thread::scope(|scope| {
            let replies = scope.spawn(move || {
                let mut replies = Vec::new();
                match reader.read_to_end(&mut replies) {
                    // Closed before it had read all of a stream with a "quit" in it.
                    Err(error) if error.kind() != std::io::ErrorKind::ConnectionReset => {
                        Err(format!("no end of the replies: {error}"))
                    }
                    _ => Ok(replies),
                }
            });
            for piece in pieces {
                if stream.write_all(piece).is_err() {
                    break;
                }
            }
            let _ = stream.shutdown(Shutdown::Write);
            replies.join().map_err(|_| "reader panicked")?
        })
    }

    /// Removes all items, and a flush that is still to come.
    pub fn empty(&mut self) -> Result<State, String> {
        self.command(b"flush_all\r\n")?;
        for key in self.state()?.keys() {
            self.command(&[b"md ", base64(key).as_slice(), b" b\r\n"].concat())?;
        }
        let state = self.state()?;
        state.is_empty().then_some(state).ok_or_else(|| "items that cannot be removed".into())
    }

    /// All items that are there.
    pub fn state(&mut self) -> Result<State, String> {
        loop {
            let lines =
                self.ask(b"lru_crawler metadump all\r\n", &[b"END", b"BUSY", b"ERROR", b"EN\r"])?;
            match lines.last() {
                Some(last) if last.starts_with(b"END") => {
                    return lines.iter().rev().skip(1).map(|l| item(l)).collect();
                }
                Some(last) if last.starts_with(b"BUSY") => {}
                other => return Err(format!("metadump: {other:?}")),
            }
        }
    }
}

/// `key=KEY exp=N la=N cas=N ...`
fn item(line: &[u8]) -> Result<(Vec<u8>, Item), String> {
    let line = String::from_utf8_lossy(line);
    let field = |name: &str| {
        let found = line.split_ascii_whitespace().find_map(|word| word.strip_prefix(name));
        found.ok_or_else(|| format!("metadump: {line}"))
    };
    let number = |text: &str| text.parse().map_err(|error| format!("metadump: {line}: {error}"));
    let exptime = number(field("exp=")?)?;
    let id = number(field("cas=")?)? as u64;
    Ok((unescape(field("key=")?), Item { id, exptime }))
}

/// `%41` is `A`.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = text.bytes();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        let mut digit = || bytes.next().and_then(|b| char::from(b).to_digit(16)).unwrap_or(0) as u8;
        out.push(if byte == b'%' { digit() << 4 | digit() } else { byte });
    }
    out
}
