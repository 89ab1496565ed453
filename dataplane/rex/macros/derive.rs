// SPDX-License-Identifier: GPL-2.0-only
//! `derive(Pod)` and `derive(SharedPod)`.
//!
//! Only the names of the fields are read here. The compiler itself completes the checks: it takes
//! no pattern that leaves a field out, and knows the types.

use crate::tokens::{Cursor, Error, template};
use proc_macro::{Delimiter, Group, Literal, TokenStream, TokenTree};

pub struct Trait {
    name: &'static str,
    /// Function that takes a way to a field of an allowed type, and returns its size.
    check: &'static str,
}

pub const POD: Trait = Trait { name: "Pod", check: "pod_field" };
pub const SHARED_POD: Trait = Trait { name: "SharedPod", check: "shared_pod_field" };

pub fn expand(what: &Trait, item: TokenStream) -> Result<TokenStream, Error> {
    let mut cursor = Cursor::new(item);
    let attributes = cursor.attributes();
    cursor.visibility();
    let span = cursor.span();
    match cursor.ident().map(|word| word.to_string()).as_deref() {
        Some("struct") => {}
        Some(kind @ ("enum" | "union")) => {
            return Err(Error::new(
                span,
                format!(
                    "{} can be derived for structs only: an {kind} does not allow every bit pattern, \
                     keep an integer and convert it with a match",
                    what.name
                ),
            ));
        }
        _ => {
            return Err(Error::new(span, format!("{} can be derived for structs only", what.name)));
        }
    }
    let span = cursor.span();
    let name = cursor.ident().ok_or_else(|| Error::new(span, "a struct needs a name"))?;
    if cursor.is_punct('<') {
        return Err(Error::new(
            cursor.span(),
            format!(
                "{} cannot be derived for a generic struct: write one for each type, or a \
                 macro_rules! that does",
                what.name
            ),
        ));
    }
    if !attributes.iter().any(is_fixed_repr) {
        return Err(Error::new(
            name.span(),
            format!("{} needs a fixed layout: add #[repr(C)] (or #[repr(transparent)])", what.name),
        ));
    }
    let fields = fields(&mut cursor)?;
    if fields.is_empty() {
        return Err(Error::new(name.span(), format!("{} needs a struct with fields", what.name)));
    }

    let ident: TokenStream = TokenTree::from(name.clone()).into();
    let mut patterns = TokenStream::new();
    let mut sizes = TokenStream::new();
    for field in fields {
        let span = field.span();
        let holes = [("name", ident.clone()), ("field", field.into())];
        patterns.extend(template("$field: _,", span, &holes));
        sizes.extend(template(
            &format!("+ ::rex::__private::{}(|value: $name| value.$field)", what.check),
            span,
            &holes,
        ));
    }
    let source = format!(
        "const _: () = {{
            let _ = |value: $name| {{
                let $name {{ $patterns }} = value;
            }};
            ::core::assert!(
                ::core::mem::size_of::<$name>() == 0 $sizes,
                \"the struct has padding: reorder its fields, or add explicit ones (e.g. `_pad: [u8; 4]`)\"
            );
            unsafe impl ::rex::pod::AnyBits for $name {{}}
            unsafe impl ::rex::pod::{} for $name {{}}
        }};",
        what.name
    );
    Ok(template(&source, name.span(), &[("patterns", patterns), ("sizes", sizes), ("name", ident)]))
}

/// `repr(C)`, `repr(transparent)`, with or without more words.
fn is_fixed_repr(attribute: &Group) -> bool {
    let mut cursor = Cursor::new(attribute.stream());
    if !cursor.is_ident("repr") {
        return false;
    }
    cursor.next();
    cursor.group(Delimiter::Parenthesis).is_some_and(|words| {
        words
            .stream()
            .into_iter()
            .any(|word| matches!(word.to_string().as_str(), "C" | "transparent"))
    })
}

/// The names of a struct's fields, or their numbers, to the end of the item.
fn fields(cursor: &mut Cursor) -> Result<Vec<TokenTree>, Error> {
    if cursor.is_ident("where") {
        cursor.until_group(Delimiter::Brace);
    }
    let found = if let Some(fields) = cursor.group(Delimiter::Brace) {
        named(fields)?
    } else if let Some(fields) = cursor.group(Delimiter::Parenthesis) {
        let found = numbered(fields);
        cursor.until(';');
        cursor.punct(';')?;
        found
    } else {
        cursor.punct(';')?;
        Vec::new()
    };
    cursor.end()?;
    Ok(found)
}

fn named(fields: Group) -> Result<Vec<TokenTree>, Error> {
    let mut cursor = Cursor::new(fields.stream());
    let mut found = Vec::new();
    while !cursor.is_end() {
        cursor.attributes();
        cursor.visibility();
        let span = cursor.span();
        let name =
            cursor.ident().ok_or_else(|| Error::new(span, "expected the name of a field"))?;
        found.push(name.into());
        cursor.punct(':')?;
        cursor.until(',');
        if !cursor.is_end() {
            cursor.punct(',')?;
        }
    }
    Ok(found)
}

fn numbered(fields: Group) -> Vec<TokenTree> {
    let mut cursor = Cursor::new(fields.stream());
    let mut found = Vec::new();
    while !cursor.is_end() {
        let mut number = Literal::usize_unsuffixed(found.len());
        number.set_span(cursor.span());
        found.push(number.into());
        cursor.until(',');
        cursor.next();
    }
    found
}
