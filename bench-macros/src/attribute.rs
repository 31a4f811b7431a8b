//! Parses the arguments of `#[benchmark(…)]`, key by key.

use std::time::Duration;

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Error, Expr, LitStr, Path, Result, Token, Type, parse_quote, token};

use crate::diagnostics::Diagnostics;
use crate::key::{KEYS, Key};
use crate::target;
use bench_syntax::nearest;

/// The values of the keys; those that name arguments are not yet matched with the function's parameters.
pub(crate) struct Attribute {
    pub(crate) name: Option<LitStr>,
    pub(crate) category: Option<Category>,
    pub(crate) model: Option<LitStr>,
    pub(crate) tags: Vec<LitStr>,
    /// The targets, each as the constant that is generated for it.
    pub(crate) targets: Vec<TokenStream>,
    pub(crate) args: Vec<Argument<Expr>>,
    pub(crate) types: Types,
    /// The unit and the expression of each count; `items` and `bytes` are units like any other.
    pub(crate) counts: Vec<Argument<Expr>>,
    pub(crate) warmup: Option<u64>,
    pub(crate) samples: Option<u64>,
    pub(crate) rounds: Option<u32>,
    pub(crate) max_time: Option<Duration>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) ignore: Ignore,
    /// The path by which the generated code finds `bench_core`.
    pub(crate) krate: Path,
}

/// `name = value`, in a list.
pub(crate) struct Argument<V> {
    pub(crate) name: Ident,
    pub(crate) value: V,
}

/// The variant of `bench_core::Category`.
#[derive(Clone, Copy)]
pub(crate) enum Category {
    Unit,
    Integration,
    Performance,
}

/// `types(f32, f64)` or `types(T = [f32, f64])`.
pub(crate) enum Types {
    None,
    Positional(Vec<Type>),
    Named(Vec<Argument<Vec<Type>>>),
}

/// `ignore` in its three forms.
pub(crate) enum Ignore {
    No,
    Always(Option<LitStr>),
    /// Arguments, each with a list; whether it contains values or types is known only once the function is parsed.
    When(Vec<Argument<Listed>>),
}

/// The content of an entry of `ignore(…)`: types or values, depending on its name, which is not matched yet.
pub(crate) enum Listed {
    /// Written in the attribute, one by one.
    Brackets(TokenStream),
    /// A constant array or slice defined elsewhere.
    Constant(Box<Expr>),
}

impl Attribute {
    /// Parses the keys, and continues after a wrong one. The attribute contains everything that could be parsed.
    pub(crate) fn parse(tokens: TokenStream, diagnostics: &mut Diagnostics) -> Self {
        let mut attribute = Attribute {
            name: None,
            category: None,
            model: None,
            tags: Vec::new(),
            targets: Vec::new(),
            args: Vec::new(),
            types: Types::None,
            counts: Vec::new(),
            warmup: None,
            samples: None,
            rounds: None,
            max_time: None,
            timeout: None,
            ignore: Ignore::No,
            krate: parse_quote!(::bench_core),
        };
        let parsed = (|input: ParseStream<'_>| attribute.keys(input, diagnostics)).parse2(tokens);
        if diagnostics.is_empty() {
            // Otherwise syn reports the tokens that were left unread because of an error that is already kept.
            diagnostics.keep(parsed);
        }
        diagnostics.keep(unique("unit", attribute.counts.iter().map(|count| &count.name)));
        diagnostics.keep(unique("argument", attribute.args.iter().map(|arg| &arg.name)));
        if let Types::Named(types) = &attribute.types {
            diagnostics.keep(unique("type parameter", types.iter().map(|arg| &arg.name)));
        }
        if let Ignore::When(ignored) = &attribute.ignore {
            diagnostics.keep(unique("argument", ignored.iter().map(|arg| &arg.name)));
        }
        attribute
    }

    fn keys(&mut self, input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> Result<()> {
        let mut seen: Vec<String> = Vec::new();
        while !input.is_empty() {
            let Some(ident) = diagnostics.keep(input.call(Ident::parse_any).map_err(|error| {
                Error::new(error.span(), format!("expected a key: one of {}", nearest::list(KEYS)))
            })) else {
                skip(input)?;
                continue;
            };
            let text = ident.to_string();
            // The earlier name of `samples`.
            let text = if text == "repeats" { "samples".to_owned() } else { text };
            if seen.contains(&text) {
                diagnostics
                    .push(Error::new(ident.span(), format!("`{text}` is given twice: keep one of them")));
                skip(input)?;
                continue;
            }
            let read = self
                .key(&ident, &text, input)
                .and_then(|()| if input.is_empty() { Ok(()) } else { input.parse::<Token![,]>().map(drop) });
            if diagnostics.keep(read).is_none() {
                skip(input)?;
            }
            seen.push(text);
        }
        Ok(())
    }

    fn key(&mut self, ident: &Ident, text: &str, input: ParseStream<'_>) -> Result<()> {
        let key = |example| Key::new(ident, example);
        match text {
            "name" => self.name = Some(key("name = \"forward\"").name(input)?),
            "model" => self.model = Some(key("model = \"resnet50\"").name(input)?),
            "category" => self.category = Some(category(&key("category = \"unit\"").string(input)?)?),
            "tags" => self.tags = tags(&key("tags(\"gpu\", \"slow\")"), input)?,
            "targets" => {
                let key = key("targets(\"median <= 5s\", \"ips >= 10\")");
                self.targets = target::constants(&texts(&key, input)?)?;
            }
            "args" => {
                let key = key("args(batch = [1, 8, 32])");
                self.args = key.list(input, |input| {
                    Ok(Argument { name: key.entry_name(input)?, value: key.expression(input)? })
                })?;
            }
            "types" => self.types = types(&key("types(T = [f32, f64])"), input)?,
            "items" | "bytes" => {
                let value = key(if text == "items" { "items = batch" } else { "bytes = batch * 1024" });
                self.counts.push(Argument { name: ident.clone(), value: value.expression(input)? });
            }
            "count" => {
                let key = key("count(images = batch)");
                self.counts.extend(key.list(input, |input| {
                    Ok(Argument { name: key.entry_name(input)?, value: key.expression(input)? })
                })?);
            }
            "warmup" => self.warmup = Some(key("warmup = 10").whole(input, 0, u64::MAX)?),
            "samples" => self.samples = Some(key("samples = 50").whole(input, 1, u64::MAX)?),
            "rounds" => {
                let rounds = key("rounds = 5").whole(input, 1, u32::MAX.into())?;
                self.rounds = u32::try_from(rounds).ok();
            }
            "max_time" => self.max_time = Some(key("max_time = \"3s\"").time(input)?),
            "timeout" => self.timeout = Some(key("timeout = \"5m\"").time(input)?),
            "ignore" => self.ignore = ignore(ident, input)?,
            "crate" => self.krate = key("crate = path::to::bench_core").path(input)?,
            _ => {
                let question = nearest::question(text, KEYS);
                let keys = nearest::list(KEYS);
                let message = format!("unknown key `{text}`{question}\nthe keys are {keys}");
                return Err(Error::new(ident.span(), message));
            }
        }
        Ok(())
    }
}

fn category(literal: &LitStr) -> Result<Category> {
    const NAMES: [&str; 3] = ["unit", "integration", "performance"];
    let text = literal.value();
    match text.as_str() {
        "unit" => Ok(Category::Unit),
        "integration" => Ok(Category::Integration),
        "performance" => Ok(Category::Performance),
        _ => {
            let question = nearest::question(&text, NAMES);
            let names = nearest::list(NAMES);
            Err(Error::new(
                literal.span(),
                format!("unknown category `{text}`{question}\nthe categories are {names}"),
            ))
        }
    }
}

/// `("text", …)` or `= ["text", …]`.
fn texts(key: &Key<'_>, input: ParseStream<'_>) -> Result<Vec<LitStr>> {
    if input.peek(Token![=]) {
        key.array(input, |input| key.bare_string(input))
    } else {
        key.list(input, |input| key.bare_string(input))
    }
}

fn tags(key: &Key<'_>, input: ParseStream<'_>) -> Result<Vec<LitStr>> {
    let tags = texts(key, input)?;
    let mut diagnostics = Diagnostics::default();
    for (at, tag) in tags.iter().enumerate() {
        let text = tag.value();
        if text.trim().is_empty() {
            diagnostics.push(Error::new(tag.span(), "a tag must not be empty: nothing could select it"));
        } else if tags[..at].iter().any(|other| other.value() == text) {
            diagnostics
                .push(Error::new(tag.span(), format!("the tag `{text}` is given twice: keep one of them")));
        }
    }
    diagnostics.finish(tags)
}

fn types(key: &Key<'_>, input: ParseStream<'_>) -> Result<Types> {
    /// One entry, before it is known whether all entries are of the same kind.
    enum Entry {
        Type(Type),
        Named(Argument<Vec<Type>>),
    }
    let entries = key.list(input, |input| {
        if input.peek(syn::Ident) && input.peek2(Token![=]) {
            let name = key.entry_name(input)?;
            Ok(Entry::Named(Argument { name, value: key.array(input, |input| input.parse())? }))
        } else {
            input.parse().map(Entry::Type)
        }
    })?;
    let (mut positional, mut named) = (Vec::new(), Vec::new());
    for entry in entries {
        match entry {
            Entry::Type(ty) => positional.push(ty),
            Entry::Named(argument) => named.push(argument),
        }
    }
    match (positional.first(), named.is_empty()) {
        (_, true) => Ok(Types::Positional(positional)),
        (None, false) => Ok(Types::Named(named)),
        (Some(ty), false) => Err(Error::new_spanned(
            ty,
            "`types` needs either a plain list, as in `types(f32, f64)`, or only lists with a name, as in \
             `types(T = [f32, f64], U = [u8])`",
        )),
    }
}

fn ignore(ident: &Ident, input: ParseStream<'_>) -> Result<Ignore> {
    if input.peek(Token![=]) {
        return Ok(Ignore::Always(Some(Key::new(ident, "ignore = \"needs 40 GB\"").string(input)?)));
    }
    if !input.peek(token::Paren) {
        return Ok(Ignore::Always(None));
    }
    let key = Key::new(ident, "ignore(batch = [32])");
    let ignored =
        key.list(input, |input| Ok(Argument { name: key.entry_name(input)?, value: listed(&key, input)? }))?;
    Ok(Ignore::When(ignored))
}

fn listed(key: &Key<'_>, input: ParseStream<'_>) -> Result<Listed> {
    if input.peek2(Ident::peek_any) || input.peek2(Token![::]) {
        key.expression(input).map(|constant| Listed::Constant(Box::new(constant)))
    } else {
        key.brackets(input).map(Listed::Brackets)
    }
}

/// Skips the rest of a key that could not be parsed. A comma alone does not show where the next key begins, since
/// values may contain commas (`items = f::<A, B>()`), unless it is the first token.
fn skip(input: ParseStream<'_>) -> Result<()> {
    let mut at_once = true;
    while !input.is_empty() {
        let comma = input.peek(Token![,]);
        input.parse::<TokenTree>()?;
        if comma && (at_once || at_key(input)) {
            break;
        }
        at_once = false;
    }
    Ok(())
}

fn at_key(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    ahead.call(Ident::parse_any).is_ok()
        && (ahead.is_empty()
            || ahead.peek(Token![,])
            || ahead.peek(token::Paren)
            || ahead.peek(Token![=]) && !ahead.peek(Token![==]))
}

/// Checks that no name is given twice.
///
/// # Errors
/// At each repeated name.
fn unique<'a>(what: &str, names: impl Iterator<Item = &'a Ident>) -> Result<()> {
    let mut diagnostics = Diagnostics::default();
    let mut seen: Vec<&Ident> = Vec::new();
    for name in names {
        if seen.contains(&name) {
            diagnostics.push(Error::new(
                name.span(),
                format!("the {what} `{name}` is given twice: keep one of them"),
            ));
        }
        seen.push(name);
    }
    diagnostics.finish(())
}
