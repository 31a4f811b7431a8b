//! `#[bench]` of libtest, on stable Rust: the attribute that the facade of libtest re-exports as `bench`.

use proc_macro2::{TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::{Error, LitStr, Meta, Path, Result, Token, parse_quote};

use crate::function::declaration;

/// Returns the function and, below it, the entry that the linker collects or the errors.
pub(crate) fn bench(attribute: TokenStream, item: TokenStream) -> TokenStream {
    match expand(attribute, item.clone()) {
        Ok(expanded) => expanded,
        Err(error) => {
            let error = error.into_compile_error();
            quote!(#item #error)
        }
    }
}

fn expand(attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let krate = krate.parse2(attribute)?;
    let shape =
        "a benchmark of libtest is a free function that takes a bencher: `fn sort(b: &mut Bencher) { … }`";
    let (attributes, signature) =
        declaration.parse2(item.clone()).map_err(|error| Error::new(error.span(), shape))?;
    if signature.inputs.len() != 1 || !signature.generics.params.is_empty() || signature.asyncness.is_some() {
        return Err(Error::new_spanned(signature, shape));
    }
    let ignored = attributes.iter().find(|attribute| attribute.path().is_ident("ignore"));
    let ignore = match ignored.map(|attribute| &attribute.meta) {
        None => quote!(#krate::__private::Ignore::No),
        Some(Meta::NameValue(reason)) => {
            let reason = &reason.value;
            quote!(#krate::__private::Ignore::Always(::core::option::Option::Some(#reason)))
        }
        Some(_) => quote!(#krate::__private::Ignore::Always(::core::option::Option::None)),
    };
    let ident = &signature.ident;
    let name = ident.unraw().to_string();
    let source = quote_spanned! {ident.span()=>
        module: ::core::module_path!(), file: ::core::file!(), line: ::core::line!()
    };
    // `#[cfg(…)]` needs no code here: the compiler has applied it already.
    let function = without_ignore(item);
    Ok(quote! {
        #function
        const _: () = {
            fn __bench_call(
                bencher: &mut #krate::__private::Driver,
                _: &[usize],
            ) -> ::core::result::Result<(), #krate::__private::Error> {
                use #krate::__private::{SettleDisplay as _, SettleError as _, SettleOpaque as _, SettleValue as _};
                #krate::__private::with(bencher, |bencher| {
                    (&&&&#krate::__private::Returned::new(#ident(bencher))).settle()
                })
            }
            #[#krate::__private::linkme::distributed_slice(#krate::__private::BENCHMARKS)]
            #[linkme(crate = #krate::__private::linkme)]
            static __BENCHMARK: #krate::__private::Benchmark = #krate::__private::benchmark(
                ::core::concat!(::core::module_path!(), "::", #name),
                #krate::__private::Source { #source },
                #ignore,
                __bench_call,
            );
        };
    })
}

/// Returns the item without `#[ignore]`, which causes a warning on anything but a test. All other tokens are left as
/// they are, since tokens that `macro_rules` has put into the body do not survive being parsed and written again.
pub(crate) fn without_ignore(item: TokenStream) -> TokenStream {
    let mut tokens = item.into_iter().peekable();
    let mut kept = TokenStream::new();
    while let Some(token) = tokens.next() {
        let is_hash = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '#');
        let is_ignore = |next: &TokenTree| match next {
            TokenTree::Group(group) => matches!(
                group.stream().into_iter().next(),
                Some(TokenTree::Ident(first)) if first == "ignore"
            ),
            _ => false,
        };
        // Only attributes of the item itself are at this level: those of its body are within a group.
        if is_hash && tokens.next_if(is_ignore).is_some() {
            continue;
        }
        kept.extend([token]);
    }
    kept
}

/// Parses `crate = path`. Without it, the path is `::test`, the usual name of the facade in `Cargo.toml`.
fn krate(input: syn::parse::ParseStream<'_>) -> Result<Path> {
    if input.is_empty() {
        return Ok(parse_quote!(::test));
    }
    input.parse::<Token![crate]>()?;
    input.parse::<Token![=]>()?;
    if input.peek(LitStr) { input.parse::<LitStr>()?.parse() } else { input.call(Path::parse_mod_style) }
}
