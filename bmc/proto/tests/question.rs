// SPDX-License-Identifier: GPL-2.0-only
//! Which commands are answered.

use super::super::*;

/// The keys of a GET, or key and flags of an mg.
fn question(line: &str) -> Option<String> {
    Some(match Question::of(line.as_bytes())? {
        Question::Get { mut keys, cas } => {
            let mut said = String::from(if cas { "gets" } else { "get" });
            while let Some(key) = keys.next()? {
                said += " ";
                said += std::str::from_utf8(key).unwrap();
            }
            said
        }
        Question::Meta { key, flags } => {
            let value = flags.value;
            let flags: Vec<_> = flags
                .map(|flag| match flag {
                    MetaFlag::Opaque(text) => String::from_utf8(text.to_vec()).unwrap(),
                    other => format!("{other:?}"),
                })
                .collect();
            format!("mg {} {value} {}", std::str::from_utf8(key).unwrap(), flags.join(" "))
        }
        Question::End => "mn".into(),
    })
}

#[track_caller]
fn is(line: &str, expected: &str) {
    assert_eq!(question(line).as_deref(), Some(expected), "{line}");
}

#[test]
fn gets() {
    is("get a\r\n", "get a");
    is("get  a   bb c \n", "get a bb c");
    is("gets a\r\n", "gets a");
    is("gets a b\n", "gets a b");
    is("get \r\n", "get");
    let key = "k".repeat(250);
    is(&format!("get a {key}\r\n"), &format!("get a {key}"));
    for line in [
        "get a",
        "get\r\n",
        "gets\r\n",
        "get a\tb\r\n",
        "get a\r\r\n",
        "get a\0\r\n",
        " get a\r\n",
        "GET a\r\n",
        "gat 1 a\r\n",
        "set a 0 0 1\r\n",
        "\r\n",
        "\n",
        "",
        &format!("get a {key}k\r\n"),
    ] {
        assert_eq!(question(line), None, "{line:?}");
    }
}

#[test]
fn meta_gets() {
    is("mg a\r\n", "mg a false ");
    is("mg a v\r\n", "mg a true ");
    is("mg a s v k c f q Oxy\n", "mg a true Size Key Cas Flags Oxy");
    is("mn\r\n", "mn");
    for flag in ["b", "t", "T0", "N1", "R1", "E1", "l", "h", "u", "x", "v1", "O", "I", "z", "q q"] {
        assert_eq!(question(&format!("mg a {flag}\r\n")), None, "{flag}");
    }
    let opaque = "O".repeat(32);
    is(&format!("mg a {opaque}\r\n"), &format!("mg a false {opaque}"));
    for line in [
        "mg\r\n",
        "mg \r\n",
        "mg  a\r\n",
        "mg a \r\n",
        "mg a  v\r\n",
        "mg a\tv\r\n",
        "mn \r\n",
        "mn x\r\n",
        &format!("mg a O{opaque}\r\n"),
        &format!("mg {}\r\n", "k".repeat(251)),
    ] {
        assert_eq!(question(line), None, "{line:?}");
    }
}
