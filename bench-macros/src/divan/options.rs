//! The options between the parentheses of divan's attributes.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, ExprArray, Path, Result, Token, Type, bracketed, parse_quote};

use bench_syntax::nearest;

use crate::diagnostics::Diagnostics;

/// The options of a group, which a benchmark has as well.
const OF_BOTH: [&str; 15] = [
    "name",
    "crate",
    "sample_count",
    "sample_size",
    "threads",
    "counter",
    "counters",
    "bytes_count",
    "chars_count",
    "cycles_count",
    "items_count",
    "min_time",
    "max_time",
    "skip_ext_time",
    "ignore",
];

/// The options that only a benchmark has.
const OF_BENCHMARKS: [&str; 3] = ["args", "types", "consts"];

/// The options of an attribute.
pub(super) struct Options {
    krate: Path,
    pub(super) name: Option<Expr>,
    pub(super) args: Option<Expr>,
    pub(super) types: Option<Vec<Type>>,
    pub(super) consts: Option<Expr>,
    /// An expression for each counter.
    counters: Vec<TokenStream>,
    /// Fields of `divan::__private::Options`, and their values.
    fields: Vec<(Ident, TokenStream)>,
    /// The option `ignore`, if it is given.
    ignore: Option<Ident>,
}

impl Options {
    /// Reads the options of the attribute called `attribute`; If `is_group` is set, the options that only a benchmark
    /// has are errors.
    ///
    /// # Errors
    /// All faults of the options, each at its place.
    pub(super) fn parse(tokens: TokenStream, attribute: &str, is_group: bool) -> Result<Self> {
        let mut options = Options {
            krate: parse_quote!(::divan),
            name: None,
            args: None,
            types: None,
            consts: None,
            counters: Vec::new(),
            fields: Vec::new(),
            ignore: None,
        };
        let mut diagnostics = Diagnostics::default();
        let known: Vec<&str> =
            OF_BOTH.iter().chain(OF_BENCHMARKS.iter().filter(|_| !is_group)).copied().collect();
        let mut seen = Vec::new();
        let parser = |input: ParseStream<'_>| {
            while !input.is_empty() {
                let ident = input.call(Ident::parse_any)?;
                let name = ident.unraw().to_string();
                if !known.contains(&name.as_str()) {
                    let question = nearest::question(&name, known.iter().copied());
                    let list = nearest::list(known.iter().copied());
                    return Err(Error::new(
                        ident.span(),
                        format!(
                            "`{name}` is not an option of `#[divan::{attribute}]`{question}\nthe options are {list}"
                        ),
                    ));
                }
                // Both options set all counters, so only one of them can be given.
                let key = if name == "counter" { "counters" } else { &name };
                if seen.iter().any(|seen| seen == key) {
                    diagnostics
                        .push(Error::new(ident.span(), format!("`{name}` is given twice: keep one of them")));
                }
                seen.push(key.to_owned());
                options.option(&ident, &name, input)?;
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        };
        let parsed = parser.parse2(tokens);
        diagnostics.keep(parsed);
        diagnostics.finish(options)
    }

    fn option(&mut self, ident: &Ident, name: &str, input: ParseStream<'_>) -> Result<()> {
        let is_flag = matches!(name, "threads" | "skip_ext_time" | "ignore");
        if is_flag && !input.peek(Token![=]) {
            return self.field(ident, name, &quote!(true));
        }
        if !input.peek(Token![=]) {
            return Err(Error::new(ident.span(), format!("expected a value: `{name} = …`")));
        }
        input.parse::<Token![=]>()?;
        match name {
            "crate" => self.krate = input.parse()?,
            "name" => self.name = Some(input.parse()?),
            "args" => self.args = Some(input.parse()?),
            "consts" => self.consts = Some(input.parse()?),
            "types" => {
                let content;
                bracketed!(content in input);
                let types = Punctuated::<Type, Token![,]>::parse_terminated(&content)?;
                self.types = Some(types.into_iter().collect());
            }
            "counter" => self.counters.push(counter(input.parse()?)),
            "counters" => {
                let values = input.parse::<ExprArray>()?.elems;
                self.counters.extend(values.into_iter().map(counter));
            }
            "bytes_count" | "chars_count" | "cycles_count" | "items_count" => {
                let ty = match name {
                    "bytes_count" => "BytesCount",
                    "chars_count" => "CharsCount",
                    "cycles_count" => "CyclesCount",
                    _ => "ItemsCount",
                };
                let (ty, value) = (format_ident!("{ty}"), input.parse::<Expr>()?);
                let private = self.private();
                self.counters.push(quote!(<#private::#ty as ::core::convert::From<_>>::from(#value)));
            }
            _ => {
                let value = input.parse::<Expr>()?;
                self.field(ident, name, &quote!(#value))?;
            }
        }
        Ok(())
    }

    fn field(&mut self, ident: &Ident, name: &str, value: &TokenStream) -> Result<()> {
        let private = self.private();
        let value = match name {
            "threads" => quote!(#private::IntoThreads::into_threads(#value)),
            "min_time" | "max_time" => quote!(#private::IntoDuration::into_duration(#value)),
            _ => value.clone(),
        };
        if name == "ignore" {
            self.ignore = Some(ident.clone());
        }
        self.fields.push((ident.clone(), value));
        Ok(())
    }

    /// Returns the path of the items that the generated code uses.
    pub(super) fn private(&self) -> TokenStream {
        let krate = &self.krate;
        quote!(#krate::__private)
    }

    /// Writes a function that returns the options which the attribute sets; `ignore` is whether the item also has
    /// `#[ignore]`.
    pub(super) fn settings(&self, ignore: bool) -> TokenStream {
        let private = self.private();
        let counters = (!self.counters.is_empty()).then(|| {
            let counters = &self.counters;
            quote!(counters: #private::Counters::default() #(.with(#counters))*,)
        });
        let ignored =
            (ignore && self.ignore.is_none()).then(|| quote!(ignore: ::core::option::Option::Some(true),));
        if self.fields.is_empty() && counters.is_none() && ignored.is_none() {
            return quote!(<#private::Options as ::core::default::Default>::default);
        }
        let fields =
            self.fields.iter().map(|(field, value)| quote!(#field: ::core::option::Option::Some(#value),));
        quote! {
            || #private::Options {
                #(#fields)*
                #ignored
                #counters
                ..::core::default::Default::default()
            }
        }
    }
}

fn counter(value: Expr) -> TokenStream {
    quote!(#value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(attribute: &str, is_group: bool) -> Vec<String> {
        let tokens = attribute.parse().expect("tokens");
        let parsed = Options::parse(tokens, if is_group { "bench_group" } else { "bench" }, is_group);
        parsed.err().into_iter().flatten().map(|error| error.to_string()).collect()
    }

    #[test]
    fn all_options_are_read() {
        let attribute = "r#name = \"a\", crate = ::sofa, args = [1, 2], types = [u8, &str,], consts = SIZES, \
                         sample_count = 1, sample_size = 2, threads, counters = [3u8, bytes()], items_count = 4, \
                         min_time = 0.5, max_time = 8, skip_ext_time = false, ignore";
        let options = Options::parse(attribute.parse().expect("tokens"), "bench", false).expect("options");
        assert_eq!(options.private().to_string(), ":: sofa :: __private");
        assert_eq!((options.types.map(|types| types.len()), options.counters.len()), (Some(2), 3));
        let fields: Vec<String> = options.fields.iter().map(|(field, _)| field.to_string()).collect();
        let expected =
            ["sample_count", "sample_size", "threads", "min_time", "max_time", "skip_ext_time", "ignore"];
        assert_eq!(fields, expected);
    }

    #[test]
    fn each_mistake_is_named() {
        for (attribute, is_group, message) in [
            ("sample_cout = 1", false, "did you mean `sample_count`?"),
            ("args = [1]", true, "`args` is not an option of `#[divan::bench_group]`"),
            ("name = \"a\", r#name = \"b\"", false, "`name` is given twice"),
            ("counter = 1u8, counters = [2u8]", false, "`counters` is given twice"),
            ("sample_count", false, "expected a value: `sample_count = …`"),
        ] {
            let errors = errors(attribute, is_group);
            assert_eq!(errors.len(), 1, "{attribute}: {errors:?}");
            assert!(errors[0].contains(message), "{attribute}: {errors:?}");
        }
        assert!(errors("threads, ignore, skip_ext_time", true).is_empty());
    }
}
