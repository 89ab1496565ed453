// SPDX-License-Identifier: GPL-2.0-only
//! `#[rex_map]`: the static goes to the map section, under its own name.

use crate::tokens::{Cursor, Error, MAP_SECTION, string, template};
use proc_macro::{Span, TokenStream, TokenTree};

/// struct rex_map_def: REX_MAP_NAME_LEN with the NUL.
const NAME_MAX: usize = 15;

const WANTED: &str =
    "#[rex_map] needs `static NAME: RexArray<u64> = RexArray::new(16, 0);` or another map type";

pub fn expand(args: TokenStream, item: TokenStream) -> Result<TokenStream, Error> {
    if let Some(token) = args.into_iter().next() {
        return Err(Error::new(token.span(), "#[rex_map] takes no arguments"));
    }
    let mut cursor = Cursor::new(item);
    // Attributes and visibility are passed on as they are.
    let mut head = TokenStream::new();
    while !cursor.is_ident("static") {
        match cursor.next() {
            Some(TokenTree::Ident(word)) if word.to_string() != "pub" => {
                return Err(Error::new(word.span(), WANTED));
            }
            Some(token) => head.extend([token]),
            None => return Err(Error::new(Span::call_site(), WANTED)),
        }
    }
    cursor.next();
    if cursor.is_ident("mut") {
        return Err(Error::new(
            cursor.span(),
            "a map is never `static mut`: its methods take `&self`",
        ));
    }
    let span = cursor.span();
    let name = cursor.ident().ok_or_else(|| Error::new(span, WANTED))?;
    let text = name.to_string();
    if text.len() > NAME_MAX || !text.is_ascii() {
        return Err(Error::new(
            name.span(),
            format!(
                "the name of a map has at most {NAME_MAX} ASCII characters, `{text}` has {}",
                text.len()
            ),
        ));
    }
    if !cursor.is_punct(':') {
        return Err(Error::new(cursor.span(), WANTED));
    }
    cursor.next();
    let ty = cursor.until('=');
    let ty_span = ty.clone().into_iter().next().map_or(name.span(), |token| token.span());
    if !cursor.is_punct('=') {
        return Err(Error::new(cursor.span(), WANTED));
    }
    cursor.next();
    // To the end: the `;` is an item's last token. Not until(';'): `<` may be an operator here.
    let mut value: Vec<TokenTree> = cursor.rest().into_iter().collect();
    match value.pop() {
        Some(TokenTree::Punct(p)) if p.as_char() == ';' && !value.is_empty() => {}
        _ => return Err(Error::new(name.span(), WANTED)),
    }

    let mut out = template(
        "#[allow(non_upper_case_globals)] #[used] #[unsafe(link_section = $section)]",
        name.span(),
        &[("section", string(MAP_SECTION))],
    );
    out.extend(head);
    // The user's expression is outside `unsafe`, in a constant of its own.
    out.extend(template(
        "static $name: $type = {
            const fn __rex_is_map<M: ::rex::__private::MapType>() {}
            const { __rex_is_map::<$type>() };
            #[allow(clippy::declare_interior_mutable_const)]
            const __REX_DEFINITION: $type = $value;
            unsafe { ::rex::__private::activate(__REX_DEFINITION, $text) }
        };",
        ty_span,
        &[
            ("name", TokenTree::from(name).into()),
            ("type", ty),
            ("value", value.into_iter().collect()),
            ("text", string(&text)),
        ],
    ));
    Ok(out)
}
