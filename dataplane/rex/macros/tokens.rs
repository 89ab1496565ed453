// SPDX-License-Identifier: GPL-2.0-only
//! A cursor over tokens, and errors that point at some.

use proc_macro::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

/// Programs tested on the host have no use for a kernel module's sections, and the linker gives
/// the bounds of a section only when its name is an identifier.
pub const MAP_SECTION: &str = if cfg!(rex_mock) { "rex_maps" } else { ".rex.maps" };
pub const ENTRY_SECTION: &str = if cfg!(rex_mock) { "rex_entries" } else { ".rex.entries" };

pub struct Error {
    span: Span,
    message: String,
}

impl Error {
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into() }
    }

    /// `::core::compile_error!("message");` at the span.
    pub fn to_compile_error(&self) -> TokenStream {
        let mut text = Literal::string(&self.message);
        text.set_span(self.span);
        let args = Group::new(Delimiter::Brace, TokenTree::from(text).into());
        let tokens: [TokenTree; 8] = [
            Punct::new(':', Spacing::Joint).into(),
            Punct::new(':', Spacing::Alone).into(),
            Ident::new("core", self.span).into(),
            Punct::new(':', Spacing::Joint).into(),
            Punct::new(':', Spacing::Alone).into(),
            Ident::new("compile_error", self.span).into(),
            Punct::new('!', Spacing::Alone).into(),
            args.into(),
        ];
        tokens
            .into_iter()
            .map(|mut token| {
                if !matches!(token, TokenTree::Group(_)) {
                    token.set_span(self.span);
                } else if let TokenTree::Group(group) = &mut token {
                    group.set_span(self.span);
                }
                token
            })
            .collect()
    }
}

/// Reads tokens one by one, with one of look-ahead.
pub struct Cursor {
    tokens: std::iter::Peekable<proc_macro::token_stream::IntoIter>,
    last: Span,
}

impl Cursor {
    /// A fragment of macro_rules (`$t:ty`, `$v:vis`, ...) is a group without delimiters; what is
    /// nothing but one is read from its inside.
    pub fn new(tokens: TokenStream) -> Self {
        let mut inside = tokens.clone().into_iter();
        if let (Some(TokenTree::Group(group)), None) = (inside.next(), inside.next())
            && group.delimiter() == Delimiter::None
        {
            return Self::new(group.stream());
        }
        Self { tokens: tokens.into_iter().peekable(), last: Span::call_site() }
    }

    pub fn next(&mut self) -> Option<TokenTree> {
        let token = self.tokens.next()?;
        self.last = token.span();
        Some(token)
    }

    /// Where the next token is, or the last one was.
    pub fn span(&mut self) -> Span {
        let last = self.last;
        self.tokens.peek().map_or(last, TokenTree::span)
    }

    pub fn is_punct(&mut self, c: char) -> bool {
        matches!(self.tokens.peek(), Some(TokenTree::Punct(p)) if p.as_char() == c)
    }

    pub fn is_ident(&mut self, word: &str) -> bool {
        matches!(self.tokens.peek(), Some(TokenTree::Ident(i)) if i.to_string() == word)
    }

    /// The next token if it is an identifier or keyword.
    pub fn ident(&mut self) -> Option<Ident> {
        match self.tokens.peek() {
            Some(TokenTree::Ident(ident)) => {
                let ident = ident.clone();
                self.next();
                Some(ident)
            }
            _ => None,
        }
    }

    /// The next token if it is a group with this delimiter.
    pub fn group(&mut self, delimiter: Delimiter) -> Option<Group> {
        match self.tokens.peek() {
            Some(TokenTree::Group(group)) if group.delimiter() == delimiter => {
                let group = group.clone();
                self.next();
                Some(group)
            }
            _ => None,
        }
    }

    /// Attributes (`#[...]`, doc comments) in front of an item or field.
    pub fn attributes(&mut self) -> Vec<Group> {
        let mut found = Vec::new();
        while self.is_punct('#') {
            self.next();
            found.extend(self.group(Delimiter::Bracket));
        }
        found
    }

    /// `pub`, `pub(crate)`, a fragment of them, or nothing.
    pub fn visibility(&mut self) {
        if let Some(TokenTree::Group(group)) = self.tokens.peek()
            && group.delimiter() == Delimiter::None
            && (group.stream().is_empty() || Self::new(group.stream()).is_ident("pub"))
        {
            self.next();
        } else if self.is_ident("pub") {
            self.next();
            self.group(Delimiter::Parenthesis);
        }
    }

    /// Tokens up to the punctuation `stop` outside any angle brackets, which is left; or all.
    pub fn until(&mut self, stop: char) -> TokenStream {
        let mut depth = 0i32;
        let mut found = Vec::new();
        let mut previous = ' ';
        while let Some(token) = self.tokens.peek() {
            let c = match token {
                TokenTree::Punct(p) => p.as_char(),
                _ => ' ',
            };
            if c == stop && depth <= 0 {
                break;
            }
            match c {
                '<' => depth += 1,
                '>' if previous != '-' && previous != '=' => depth -= 1,
                _ => {}
            }
            previous = c;
            found.extend(self.next());
        }
        found.into_iter().collect()
    }

    /// Skips to a group with this delimiter, or to the end.
    pub fn until_group(&mut self, delimiter: Delimiter) {
        while let Some(token) = self.tokens.peek() {
            match token {
                TokenTree::Group(group) if group.delimiter() == delimiter => break,
                _ => self.next(),
            };
        }
    }

    /// Takes this punctuation, which must be next.
    pub fn punct(&mut self, c: char) -> Result<(), Error> {
        if !self.is_punct(c) {
            return Err(Error::new(self.span(), format!("expected `{c}` here")));
        }
        self.next();
        Ok(())
    }

    pub fn is_end(&mut self) -> bool {
        self.tokens.peek().is_none()
    }

    /// Nothing must be left.
    pub fn end(&mut self) -> Result<(), Error> {
        if self.is_end() { Ok(()) } else { Err(Error::new(self.span(), "not expected here")) }
    }

    pub fn rest(&mut self) -> TokenStream {
        std::iter::from_fn(|| self.next()).collect()
    }
}

/// `source`, which holds nothing of the user, with each identifier `$name` replaced by tokens.
/// Everything else gets `span` for its place, and our hygiene.
pub fn template(source: &str, span: Span, holes: &[(&str, TokenStream)]) -> TokenStream {
    fn fill(tokens: TokenStream, span: Span, holes: &[(&str, TokenStream)]) -> TokenStream {
        let mut out = TokenStream::new();
        let mut tokens = tokens.into_iter();
        while let Some(mut token) = tokens.next() {
            match &token {
                TokenTree::Punct(p) if p.as_char() == '$' => {
                    let name = tokens.next().expect("a name after $").to_string();
                    let (_, hole) = holes.iter().find(|(n, _)| *n == name).expect("a known name");
                    out.extend(hole.clone());
                    continue;
                }
                TokenTree::Group(group) => {
                    let mut filled =
                        Group::new(group.delimiter(), fill(group.stream(), span, holes));
                    filled.set_span(span);
                    token = filled.into();
                }
                _ => token.set_span(span),
            }
            out.extend([token]);
        }
        out
    }
    // Spans that resolve as ours, located at the user's tokens: errors point there, and the
    // unsafe_code lint sees a foreign macro.
    let span = Span::mixed_site().located_at(span);
    fill(source.parse().expect("a template"), span, holes)
}

pub fn string(text: &str) -> TokenStream {
    TokenTree::from(Literal::string(text)).into()
}
