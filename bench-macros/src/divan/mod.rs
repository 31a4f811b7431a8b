//! The attributes of divan, `#[divan::bench]` and `#[divan::bench_group]`, which `divan-facade` re-exports under those names.

mod bench;
mod group;
mod instances;
mod options;

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Attribute, Error, Result};

use crate::libtest::without_ignore;
use options::Options;

pub(crate) use bench::bench;
pub(crate) use group::group;

/// Returns the annotated item and, below it, its expansion or an error. `#[ignore]` is removed, since the compiler
/// accepts it only on tests.
fn below(item: TokenStream, expanded: Result<TokenStream>) -> TokenStream {
    match expanded {
        Ok(expanded) => {
            let item = without_ignore(item);
            quote!(#item #expanded)
        }
        Err(error) => {
            let error = error.into_compile_error();
            quote!(#item #error)
        }
    }
}

/// Writes the constant that describes the annotated item, whose name is `ident`.
fn meta(ident: &Ident, options: &Options, ignore: bool) -> TokenStream {
    let private = options.private();
    let raw = ident.to_string();
    let pretty = ident.unraw().to_string();
    let name = options.name.as_ref().map_or_else(|| quote!(#pretty), |name| quote!(#name));
    let settings = options.settings(ignore);
    // The span is that of the item's name, so that the source points there, and not at the attribute.
    let source = quote_spanned! {ident.span()=>
        file: ::core::file!(), line: ::core::line!(), column: ::core::column!()
    };
    quote! {
        #private::Meta {
            module: ::core::module_path!(),
            raw_name: #raw,
            name: #name,
            #source,
            options: #settings,
        }
    }
}

/// Puts `value` of the type `ty` into the slice `slice`, which the linker collects.
fn collected(options: &Options, slice: &TokenStream, ty: &TokenStream, value: &TokenStream) -> TokenStream {
    let private = options.private();
    quote! {
        #[#private::linkme::distributed_slice(#private::#slice)]
        #[linkme(crate = #private::linkme)]
        static __DIVAN_ITEM: #private::#ty = #value;
    }
}

/// Returns whether `#[ignore]` is one of the item's attributes.
///
/// # Errors
/// If the same attribute of divan follows the one that is being expanded.
fn is_ignored(attributes: &[Attribute], own: &str) -> Result<bool> {
    let again = attributes
        .iter()
        .find(|attribute| attribute.path().segments.last().is_some_and(|last| last.ident == own));
    match again {
        Some(again) => {
            let message = format!("`#[divan::{own}]` is given twice: keep one of them");
            Err(Error::new_spanned(again, message))
        }
        None => Ok(attributes.iter().any(|attribute| attribute.path().is_ident("ignore"))),
    }
}
