//! `#[bench]` of libtest, on stable Rust: what the facade of libtest re-exports as `bench`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::{Error, ItemFn, LitStr, Meta, Path, Result, Token, parse_quote};

/// The function, and below it what the linker collects, or what is wrong with it.
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
    let mut function: ItemFn = syn::parse2(item)?;
    let signature = &function.sig;
    if signature.inputs.len() != 1 || !signature.generics.params.is_empty() || signature.asyncness.is_some() {
        let message = "a benchmark of libtest takes a bencher and nothing else: `fn sort(b: &mut Bencher)`";
        return Err(Error::new_spanned(signature, message));
    }
    // Below it the compiler would warn of an attribute that is for tests.
    let (ignored, others) = std::mem::take(&mut function.attrs)
        .into_iter()
        .partition(|attribute| attribute.path().is_ident("ignore"));
    function.attrs = others;
    let ignored: Vec<syn::Attribute> = ignored;
    let ignore = match ignored.first().map(|attribute| &attribute.meta) {
        None => quote!(#krate::__private::Ignore::No),
        Some(Meta::NameValue(reason)) => {
            let reason = &reason.value;
            quote!(#krate::__private::Ignore::Always(::core::option::Option::Some(#reason)))
        }
        Some(_) => quote!(#krate::__private::Ignore::Always(::core::option::Option::None)),
    };
    let ident = &function.sig.ident;
    let name = ident.unraw().to_string();
    let source = quote_spanned! {ident.span()=>
        module: ::core::module_path!(), file: ::core::file!(), line: ::core::line!()
    };
    // What the compiler leaves out is left out here, too: it has decided `#[cfg(…)]` already.
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

/// `crate = path`, or the name under which `Cargo.toml` has the facade.
fn krate(input: syn::parse::ParseStream<'_>) -> Result<Path> {
    if input.is_empty() {
        return Ok(parse_quote!(::test));
    }
    input.parse::<Token![crate]>()?;
    input.parse::<Token![=]>()?;
    if input.peek(LitStr) { input.parse::<LitStr>()?.parse() } else { input.call(Path::parse_mod_style) }
}
