// SPDX-License-Identifier: GPL-2.0-only
//! Damaged frames: no fault, and no answer but a right one.

use super::frames::*;
use super::*;

const ROUNDS: u32 = 20_000;

/// Some bytes of `frame` changed, one put in or taken out, or its end cut off.
pub fn damage(random: &mut Random, frame: &[u8]) -> Vec<u8> {
    let mut frame = frame.to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(frame.len());
        match random.below(8) {
            0 => frame[at] = random.below(256) as u8,
            1 => frame[at] = [0, 0xff, b' ', b'\r', b'\n'][random.below(5)],
            2 => frame.insert(at, random.below(256) as u8),
            3 if frame.len() > 1 => drop(frame.remove(at)),
            4 => frame.truncate(at.max(1)),
            // into the headers, where it matters
            5 => {
                let at = random.below(frame.len().min(50));
                frame[at] ^= 1 << random.below(8);
            }
            _ => frame[at] ^= 1 << random.below(8),
        }
    }
    frame
}

/// The words of a line.
fn plain(text: &[u8]) -> Option<Vec<&[u8]>> {
    let line = text.strip_suffix(b"\n")?;
    let words = line.strip_suffix(b"\r").unwrap_or(line).split(|byte| *byte == b' ');
    Some(words.filter(|word| !word.is_empty()).collect())
}

/// Whether the frame is the request but for what does not matter to the reply; with right checksums.
fn same(frame: &[u8], request: &Datagram) -> bool {
    let mut copy = request.clone();
    let v4 = request.to.ip.is_ipv4();
    let (ip, udp) = (request.ip_at(), request.udp_at());
    let Some(header) = frame.get(..request.text_at()) else { return false };
    if v4 {
        copy.tos = header[ip + 1];
        copy.id = u16::from_be_bytes([header[ip + 4], header[ip + 5]]);
        copy.flags = u16::from_be_bytes([header[ip + 6], header[ip + 7]]) & 0xc000;
        copy.ttl = header[ip + 8];
        copy.options = header[ip + 20..udp].to_vec();
    } else {
        copy.ttl = header[ip + 7];
    }
    // What only the UDP checksum would tell, if there is one.
    copy.from.port = u16::from_be_bytes([header[udp], header[udp + 1]]);
    copy.frame[..2].copy_from_slice(&header[udp + 8..udp + 10]);
    let len = usize::from(u16::from_be_bytes([header[udp + 4], header[udp + 5]]));
    if let Some(text) = frame.get(udp + 16..udp + len)
        && plain(text) == plain(&request.text)
    {
        copy.text = text.to_vec();
    }
    // A sum does not see everything.
    copy.from.ip = match v4 {
        true => IpAddr::from(*header[ip + 12..].first_chunk::<4>().expect("an address")),
        false => IpAddr::from(*header[ip + 8..].first_chunk::<16>().expect("an address")),
    };
    copy.from.mac.copy_from_slice(&header[6..12]);
    copy.vlan = copy.vlan.map(|_| [header[12], header[13], header[14], header[15]]);
    let mut whole = copy.bytes();
    if !v4 {
        // traffic class and flow label
        whole[ip..ip + 4].copy_from_slice(&header[ip..ip + 4]);
        whole[ip] = 0x60 | header[ip] & 15;
    }
    [Check::Right, Check::None, Check::Partial].into_iter().any(|check| {
        let bytes = Datagram { check, ..copy.clone() }.bytes();
        whole[udp..].copy_from_slice(&bytes[udp..]);
        (v4 || check != Check::None) && frame.starts_with(&whole)
    })
}

#[test]
fn damaged_requests() {
    let session = start();
    meta::get().vlans.store(1, Relaxed);
    assert!(crate::packet::BMC_VLANS.set(0, 1));
    let mut random = Random::new(1);
    let (key, value) = (b"some_key", pattern(100));
    put(key, &value);
    let vlan = Some([0x81, 0, 0, 0]);
    let text = get_text(key);
    for request in [
        Datagram::request(&text),
        Datagram { check: Check::None, ..Datagram::request(&text) },
        Datagram { options: vec![1; 8], ..Datagram::request(&text) },
        Datagram { vlan, ..Datagram::request(&text) },
        Datagram::request6(&text),
        Datagram { vlan, ..Datagram::request6(&text) },
    ] {
        let mut hits = 0;
        for round in 0..ROUNDS {
            let frame = damage(&mut random, &request.bytes());
            let mut packet = Packet::new(&frame);
            packet.mac = SERVER.mac;
            session.set_time_ns(u64::from(round) << 27);
            if round % 400 == 0 {
                put(key, &value);
            }
            let verdict = session.run_xdp(ingress, &mut packet).expect("no fault");
            if verdict == XdpVerdict::Tx {
                hits += 1;
                assert!(same(&frame, &request), "{}", frame.escape_ascii());
                // The reply to what it was made of.
                let text_at = packet.bytes().len() - value_text(key, &value).len();
                assert_eq!(packet.bytes()[text_at..], value_text(key, &value));
            } else {
                assert_eq!(packet.bytes(), frame);
            }
        }
        assert!(hits > ROUNDS / 400, "{hits}");
    }
}

#[test]
fn noise() {
    let session = start();
    let mut random = Random::new(4);
    for _ in 0..ROUNDS {
        let len = random.below(200);
        let frame: Vec<u8> = (0..len).map(|_| random.below(256) as u8).collect();
        passes(&session, Packet::new(&frame));
    }
}

#[test]
fn a_map_full_of_noise() {
    // Somebody wrote to the map: no fault, whatever is in it.
    let session = start();
    let mut random = Random::new(5);
    let keys: Vec<Vec<u8>> = (0..64).map(|i| format!("key{i}").into_bytes()).collect();
    for _ in 0..2000 {
        let key = &keys[random.below(keys.len())];
        let index = crate::store::set_of(hash(key)).expect("a set").0;
        let set: Vec<u8> = match random.below(3) {
            // One that has entries: plausible numbers
            0 => {
                let mut set = vec![0; 4096];
                set[24] = random.below(64) as u8;
                (32..224).for_each(|at| set[at] = random.below(256) as u8);
                (0..96).step_by(2).for_each(|at| set[129 + at] = random.below(16) as u8);
                set
            }
            _ => (0..4096).map(|_| random.below(256) as u8).collect(),
        };
        session.fill(&crate::store::BMC_SETS, &index.to_ne_bytes(), &set);
        for _ in 0..20 {
            run(&session, &get(key));
            match random.below(3) {
                0 => drop(crate::store::mutation_begins(hash(key))),
                1 => crate::store::mutation_ends(hash(key)),
                _ => drop(candidate(hash(key)).map(|candidate| {
                    fill(&candidate, key.len(), &block(key, &pattern(random.below(1000))), NEVER)
                })),
            }
        }
    }
}
