// SPDX-License-Identifier: GPL-2.0-only
//! `#[rex_xdp]` and its kind: the function stays as it is, a line is added to the entry table.

use crate::tokens::{Cursor, ENTRY_SECTION, Error, string, template};
use proc_macro::{Delimiter, Span, TokenStream, TokenTree};

/// struct rex_entry_def: REX_NAME_LEN with the NUL.
const NAME_MAX: usize = 31;
/// REX_FILTER_MAP
const FILTER_MAP_MAX: usize = 10;

const FILTER: &str =
    "a filter is `filter = udp(PORT, ...)`, `filter = udp(in MAP)` or `filter = udp`; or tcp";

type FindRecord = fn(TokenStream) -> Option<TokenStream>;

pub struct Hook {
    pub attribute: &'static str,
    pub signature: &'static str,
    /// The entry trait, which is implemented for the type `$name` (in traces, the entry goes by
    /// it) by calling the function `$name`.
    pub entry: &'static str,
    /// Where an entry has a type for its record: how to find it in that of the last parameter, and
    /// what is wrong when it is not there.
    pub record: Option<(FindRecord, &'static str)>,
    /// Parameters of `run`, and the arguments that it passes on.
    pub parameters: &'static str,
    pub arguments: &'static [&'static str],
    pub verdict: &'static str,
    /// Constructor of the table line.
    pub constructor: &'static str,
    /// The arguments that the attribute takes.
    pub options: &'static [&'static str],
}

pub const KPROBE: Hook = Hook {
    attribute: "rex_kprobe",
    signature: "fn NAME(obj: &Kprobe, ctx: &mut PtRegs) -> rex::Result",
    entry: "KprobeEntry",
    record: None,
    parameters: "obj: &::rex::kprobe::Kprobe<'_>, ctx: &mut ::rex::pt_regs::PtRegs",
    arguments: &["obj", "ctx"],
    verdict: "::rex::Result",
    constructor: "kprobe",
    options: &[],
};

pub const TRACEPOINT: Hook = Hook {
    attribute: "rex_tracepoint",
    signature: "fn NAME(obj: &Tracepoint, ctx: &RECORD) -> rex::Result",
    entry: "TracepointEntry",
    record: Some((referent, "the record is borrowed, as `&RECORD`")),
    parameters: "obj: &::rex::tracepoint::Tracepoint<'_>, ctx: &Self::Record",
    arguments: &["obj", "ctx"],
    verdict: "::rex::Result",
    constructor: "tracepoint",
    options: &[],
};

pub const STREAM: Hook = Hook {
    attribute: "rex_stream",
    signature: "fn NAME(ctx: &mut Stream<'_, RECORD>) -> StreamVerdict",
    entry: "StreamEntry",
    record: Some((record_of_stream, "the context is borrowed, as `&mut Stream<'_, RECORD>`")),
    parameters: "ctx: &mut ::rex::stream::Stream<'_, Self::Record>",
    arguments: &["ctx"],
    verdict: "::rex::stream::StreamVerdict",
    constructor: "stream",
    options: &[],
};

pub fn expand(hook: &Hook, args: TokenStream, item: TokenStream) -> Result<TokenStream, Error> {
    let wrong = |span, why: &str| {
        Error::new(span, format!("#[{}] needs `{}`: {why}", hook.attribute, hook.signature))
    };
    let options = options(hook, args).map_err(|(span, why)| wrong(span, &why))?;

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
    let types = parameter_types(parameters.stream());
    if types.len() != hook.arguments.len() {
        let wanted = if hook.arguments.len() == 1 { "one parameter" } else { "two parameters" };
        return Err(wrong(parameters.span(), &format!("exactly {wanted}")));
    }
    let record = match (hook.record, types.last()) {
        (Some((find, why)), Some(ty)) => {
            find(ty.clone()).ok_or_else(|| wrong(parameters.span(), why))?
        }
        _ => TokenStream::new(),
    };
    if !cursor.is_punct('-') {
        return Err(wrong(cursor.span(), "it must return a verdict"));
    }

    let span = name.span();
    let source = format!(
        "const _: () = {{
            #[allow(non_camel_case_types)]
            struct $name {{}}
            impl ::rex::__private::{} for $name {{
                {}
                #[inline(always)]
                fn run({}) -> {} {{ $name({}) }}
            }}
            #[used]
            #[unsafe(link_section = $section)]
            static __REX_ENTRY: ::rex::__private::EntryDef = ::rex::__private::EntryDef::{}::<$name>($text)$options;
        }};",
        hook.entry,
        if hook.record.is_some() { "type Record = $record;" } else { "" },
        hook.parameters,
        hook.verdict,
        hook.arguments.join(", "),
        hook.constructor
    );
    let mut out = item;
    out.extend(template(
        &source,
        span,
        &[
            ("name", TokenTree::from(name).into()),
            ("record", record),
            ("text", string(&text)),
            ("options", options),
            ("section", string(ENTRY_SECTION)),
        ],
    ));
    Ok(out)
}

/// The methods of the table line that the attribute's arguments ask for.
fn options(hook: &Hook, args: TokenStream) -> Result<TokenStream, (Span, String)> {
    let mut args = Cursor::new(args);
    let mut methods = TokenStream::new();
    let mut seen = Vec::new();
    while !args.is_end() {
        let span = args.span();
        let word = args.ident().map(|word| word.to_string()).unwrap_or_default();
        if !hook.options.contains(&word.as_str()) {
            return Err((span, unknown_option(hook)));
        }
        if seen.contains(&word) {
            return Err((span, format!("`{word}` is there twice")));
        }
        methods.extend(match word.as_str() {
            "filter" => filter(&mut args).map_err(|(span, why)| (span, String::from(why)))?,
            _ => template(".frags()", span, &[]),
        });
        seen.push(word);
        if !args.is_end() && args.punct(',').is_err() {
            return Err((args.span(), unknown_option(hook)));
        }
    }
    Ok(methods)
}

fn unknown_option(hook: &Hook) -> String {
    match hook.options {
        [] => "the attribute takes no arguments".into(),
        [one] => format!("the one argument that the attribute takes is `{one}`"),
        several => format!("the arguments that the attribute takes are `{}`", several.join("`, `")),
    }
}

/// What stands behind `filter`.
fn filter(args: &mut Cursor) -> Result<TokenStream, (Span, &'static str)> {
    let here = args.span();
    args.punct('=').map_err(|_| (here, FILTER))?;
    let span = args.span();
    let protocol = match args.ident().map(|word| word.to_string()).as_deref() {
        Some("tcp") => "6",
        Some("udp") => "17",
        _ => return Err((span, FILTER)),
    };
    let Some(ports) = args.group(Delimiter::Parenthesis) else {
        return Ok(template(&format!(".any_port({protocol})"), span, &[]));
    };
    let mut ports = Cursor::new(ports.stream());
    let span = ports.span();
    if !ports.is_ident("in") {
        let source = format!(".ports({protocol}, [$ports])");
        return Ok(template(&source, span, &[("ports", ports.rest())]));
    }
    ports.next();
    let span = ports.span();
    let map = ports.ident().filter(|_| ports.is_end()).ok_or((span, FILTER))?;
    let name = map.to_string();
    if name.len() > FILTER_MAP_MAX || !name.is_ascii() {
        return Err((
            span,
            "the name of a map that a filter reads has at most 10 ASCII characters",
        ));
    }
    let source = format!(".ports_in({protocol}, &$map, $name)");
    let holes = [("map", TokenTree::from(map).into()), ("name", string(&name))];
    Ok(template(&source, span, &holes))
}

/// What stands behind the `:` of each parameter.
fn parameter_types(parameters: TokenStream) -> Vec<TokenStream> {
    let mut cursor = Cursor::new(parameters);
    let mut types = Vec::new();
    loop {
        let parameter = cursor.until(',');
        if parameter.is_empty() {
            return types;
        }
        cursor.next();
        let mut parameter = Cursor::new(parameter);
        parameter.until(':');
        parameter.next();
        types.push(parameter.rest());
    }
}

/// `T` of `&T`.
fn referent(ty: TokenStream) -> Option<TokenStream> {
    let mut cursor = Cursor::new(ty);
    if !cursor.is_punct('&') {
        return None;
    }
    cursor.next();
    if cursor.is_ident("mut") || cursor.is_punct('\'') {
        return None;
    }
    Some(cursor.rest())
}

/// `T` of `&mut Stream<'_, T>`, by whatever path; its default if there is none.
fn record_of_stream(ty: TokenStream) -> Option<TokenStream> {
    let mut cursor = Cursor::new(ty);
    if !cursor.is_punct('&') {
        return None;
    }
    cursor.next();
    if !cursor.is_ident("mut") {
        return None;
    }
    cursor.next();
    let mut path = Cursor::new(cursor.rest());
    path.until('<');
    path.next();
    let mut arguments: Vec<TokenTree> = path.rest().into_iter().collect();
    arguments.pop(); // >
    let mut arguments = Cursor::new(arguments.into_iter().collect());
    loop {
        let argument = arguments.until(',');
        arguments.next();
        match argument.clone().into_iter().next() {
            None => return Some(template("[::core::primitive::u8; 0]", arguments.span(), &[])),
            Some(TokenTree::Punct(p)) if p.as_char() == '\'' => {}
            Some(_) => return Some(argument),
        }
    }
}
