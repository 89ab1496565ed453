// SPDX-License-Identifier: GPL-2.0-only
//! `derive(Pod)` and `derive(SharedPod)`.

use crate::tokens::{Cursor, Error, template};
use proc_macro::{Delimiter, Group, Span, TokenStream, TokenTree};

pub struct Trait {
    name: &'static str,
    /// Function of one type parameter that compiles for allowed field types only.
    check: &'static str,
}

pub const POD: Trait = Trait { name: "Pod", check: "assert_pod" };
pub const SHARED_POD: Trait = Trait { name: "SharedPod", check: "assert_shared_pod" };

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
            format!("{} cannot be derived for a generic struct", what.name),
        ));
    }
    if !attributes.iter().any(is_fixed_repr) {
        return Err(Error::new(
            name.span(),
            format!("{} needs a fixed layout: add #[repr(C)] (or #[repr(transparent)])", what.name),
        ));
    }
    let types = if let Some(fields) = cursor.group(Delimiter::Brace) {
        field_types(fields, true)?
    } else if let Some(fields) = cursor.group(Delimiter::Parenthesis) {
        field_types(fields, false)?
    } else {
        Vec::new()
    };
    if types.is_empty() {
        return Err(Error::new(name.span(), format!("{} needs a struct with fields", what.name)));
    }

    let mut checks = TokenStream::new();
    let mut sizes = TokenStream::new();
    for ty in types {
        let span = ty.clone().into_iter().next().map_or(Span::call_site(), |token| token.span());
        let hole = [("type", ty)];
        checks.extend(template(
            &format!("::rex::__private::{}::<$type>();", what.check),
            span,
            &hole,
        ));
        sizes.extend(template("+ ::core::mem::size_of::<$type>()", span, &hole));
    }
    let ident: TokenStream = TokenTree::from(name.clone()).into();
    let source = format!(
        "const _: () = {{
            $checks
            ::core::assert!(
                ::core::mem::size_of::<$name>() == 0 $sizes,
                \"the struct has padding: reorder its fields, or add explicit ones (e.g. `_pad: [u8; 4]`)\"
            );
            unsafe impl ::rex::pod::AnyBits for $name {{}}
            unsafe impl ::rex::pod::{} for $name {{}}
        }};",
        what.name
    );
    Ok(template(&source, name.span(), &[("checks", checks), ("sizes", sizes), ("name", ident)]))
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

/// The types of a struct's fields.
fn field_types(fields: Group, named: bool) -> Result<Vec<TokenStream>, Error> {
    let mut cursor = Cursor::new(fields.stream());
    let mut types = Vec::new();
    loop {
        cursor.attributes();
        cursor.visibility();
        if named {
            if cursor.ident().is_none() {
                return Ok(types);
            }
            if !cursor.is_punct(':') {
                return Err(Error::new(cursor.span(), "expected a field"));
            }
            cursor.next();
        }
        let ty = cursor.until(',');
        if ty.is_empty() {
            return Ok(types);
        }
        types.push(ty);
        cursor.next();
    }
}
