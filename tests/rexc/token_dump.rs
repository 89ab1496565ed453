// SPDX-License-Identifier: GPL-2.0-only
//! The compiler's own view of a program for tests/rexc/fuzz_tokens.c, one token a line, in the file
//! that TOKEN_DUMP names.
extern crate proc_macro;

use proc_macro::{Delimiter, TokenStream, TokenTree};
use std::fmt::Write;

fn list(tokens: TokenStream, out: &mut String) {
    let mut lifetime = "";
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(\n", ")\n"),
                    Delimiter::Brace => ("{\n", "}\n"),
                    Delimiter::Bracket => ("[\n", "]\n"),
                    Delimiter::None => ("", ""),
                };
                out.push_str(open);
                list(group.stream(), out);
                out.push_str(close);
            }
            TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                lifetime = "'";
                continue;
            }
            TokenTree::Punct(punct) => writeln!(out, "{}", punct.as_char()).unwrap(),
            TokenTree::Ident(ident) => writeln!(out, "{lifetime}{ident}").unwrap(),
            TokenTree::Literal(text) => {
                writeln!(out, "{}", text.to_string().replace('\n', "\u{2424}")).unwrap()
            }
        }
        lifetime = "";
    }
}

fn write(tokens: TokenStream) {
    let mut out = String::new();
    list(tokens, &mut out);
    std::fs::write(std::env::var("TOKEN_DUMP").unwrap(), out).unwrap();
}

/// The tokens in the macro call, which it becomes.
#[proc_macro]
pub fn here(tokens: TokenStream) -> TokenStream {
    write(tokens.clone());
    tokens
}

/// The tokens of the file that TOKEN_TEXT names.
#[proc_macro]
pub fn of_file(_: TokenStream) -> TokenStream {
    let text = std::fs::read_to_string(std::env::var("TOKEN_TEXT").unwrap()).unwrap();
    write(text.parse().unwrap());
    TokenStream::new()
}
