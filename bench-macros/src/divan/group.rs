//! `#[divan::bench_group]`.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Error, Result, Token, Visibility};

use super::options::Options;
use super::{below, collected, is_ignored, meta};

/// Returns the module and, below it, the constant that the linker collects or an error.
pub(crate) fn group(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let expanded = expand(attribute, item.clone());
    below(item, expanded)
}

fn expand(attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let options = Options::parse(attribute, "bench_group", true)?;
    let (attributes, ident) = module.parse2(item).map_err(|error| {
        Error::new(
            error.span(),
            "`#[divan::bench_group]` goes on a module: `#[divan::bench_group] mod sorts { … }`",
        )
    })?;
    let ignore = is_ignored(&attributes, "bench_group")?;
    let private = options.private();
    let meta = meta(&ident, &options, ignore);
    let item = collected(&options, &quote!(GROUPS), &quote!(Group), &quote!(#private::Group { meta: #meta }));
    Ok(quote! {
        const _: () = {
            #item
        };
    })
}

/// Parses the module up to its name; its content is not parsed.
fn module(input: ParseStream<'_>) -> Result<(Vec<Attribute>, Ident)> {
    let attributes = input.call(Attribute::parse_outer)?;
    input.parse::<Visibility>()?;
    input.parse::<Token![mod]>()?;
    let ident = input.parse()?;
    input.parse::<TokenStream>()?;
    Ok((attributes, ident))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_misuse_is_named() {
        for (item, message) in [
            ("fn f() {}", "goes on a module"),
            ("#[divan::bench_group] mod m {}", "`#[divan::bench_group]` is given twice"),
        ] {
            let expanded = expand(TokenStream::new(), item.parse().expect("tokens"));
            let error = expanded.expect_err(item).to_string();
            assert!(error.contains(message), "{item}: {error}");
        }
        assert!(expand(TokenStream::new(), "pub(crate) mod r#loop;".parse().expect("tokens")).is_ok());
    }
}
