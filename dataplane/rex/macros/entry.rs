// SPDX-License-Identifier: GPL-2.0-only
//! `#[rex_xdp]` and its kind: the function stays as it is, a line is added to the entry table.

use crate::tokens::{Cursor, ENTRY_SECTION, Error, string, template};
use proc_macro::{Delimiter, TokenStream, TokenTree};

/// struct rex_entry_def: REX_NAME_LEN with the NUL.
const NAME_MAX: usize = 31;

pub struct Hook {
    attribute: &'static str,
    signature: &'static str,
    /// Implements the entry trait for the type `$name` (in traces, the entry goes by it) by
    /// calling the function `$name`.
    implementation: &'static str,
    /// Constructor of the table line.
    constructor: &'static str,
}

pub const XDP: Hook = Hook {
    attribute: "rex_xdp",
    signature: "fn NAME(ctx: &mut Xdp<'_>) -> XdpVerdict",
    implementation: "impl ::rex::__private::XdpEntry for $name {
        #[inline(always)]
        fn run(ctx: &mut ::rex::xdp::Xdp<'_>) -> ::rex::xdp::XdpVerdict { $name(ctx) }
    }",
    constructor: "xdp",
};

pub const TC: Hook = Hook {
    attribute: "rex_tc",
    signature: "fn NAME(ctx: &mut Tc<'_>) -> TcVerdict",
    implementation: "impl ::rex::__private::TcEntry for $name {
        #[inline(always)]
        fn run(ctx: &mut ::rex::tc::Tc<'_>) -> ::rex::tc::TcVerdict { $name(ctx) }
    }",
    constructor: "tc",
};

pub fn expand(hook: &Hook, args: TokenStream, item: TokenStream) -> Result<TokenStream, Error> {
    let wrong = |span, why: &str| {
        Error::new(span, format!("#[{}] needs `{}`: {why}", hook.attribute, hook.signature))
    };
    if let Some(token) = args.into_iter().next() {
        return Err(wrong(token.span(), "the attribute takes no arguments"));
    }

    let mut cursor = Cursor::new(item.clone());
    cursor.attributes();
    cursor.visibility();
    let span = cursor.span();
    match cursor.ident() {
        Some(word) if word.to_string() == "fn" => {}
        Some(word) => {
            return Err(wrong(word.span(), &format!("this is `{word}`, not a plain function")));
        }
        None => return Err(wrong(span, "this is not a function")),
    }
    let span = cursor.span();
    let name = cursor.ident().ok_or_else(|| wrong(span, "the function has no name"))?;
    let text = name.to_string();
    if text.len() > NAME_MAX || !text.is_ascii() {
        return Err(Error::new(
            name.span(),
            format!(
                "the name of an entry has at most {NAME_MAX} ASCII characters, `{text}` has {}",
                text.len()
            ),
        ));
    }
    if cursor.is_punct('<') {
        return Err(wrong(cursor.span(), "the function must not be generic"));
    }
    let span = cursor.span();
    let parameters =
        cursor.group(Delimiter::Parenthesis).ok_or_else(|| wrong(span, "no parameters found"))?;
    if count_parameters(parameters.stream()) != 1 {
        return Err(wrong(parameters.span(), "exactly one parameter"));
    }
    if !cursor.is_punct('-') {
        return Err(wrong(cursor.span(), "it must return a verdict"));
    }

    let span = name.span();
    let source = format!(
        "const _: () = {{
            #[allow(non_camel_case_types)]
            struct $name {{}}
            {}
            #[used]
            #[unsafe(link_section = $section)]
            static __REX_ENTRY: ::rex::__private::EntryDef = ::rex::__private::EntryDef::{}::<$name>($text);
        }};",
        hook.implementation, hook.constructor
    );
    let mut out = item;
    out.extend(template(
        &source,
        span,
        &[
            ("name", TokenTree::from(name).into()),
            ("text", string(&text)),
            ("section", string(ENTRY_SECTION)),
        ],
    ));
    Ok(out)
}

fn count_parameters(parameters: TokenStream) -> usize {
    let mut cursor = Cursor::new(parameters);
    let mut count = 0;
    while !cursor.until(',').is_empty() {
        count += 1;
        cursor.next();
    }
    count
}
