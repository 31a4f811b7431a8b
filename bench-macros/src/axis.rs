//! The constant that holds an argument's values, and its `bench_core::Axis`.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::Path;
use syn::spanned::Spanned;

use crate::arguments::{TypeAxis, ValueAxis, Values};
use crate::ty::{generated_at, with_static_lifetimes};
use crate::written::written;

/// Writes `const CONSTANT: &[usize] = &[1, 8, 32];`.
pub(crate) fn constant(axis: &ValueAxis, constant: &Ident) -> TokenStream {
    let ty = &axis.ty;
    match &axis.values {
        Values::List(values) => quote!(const #constant: &[#ty] = &[#(#values),*];),
        Values::Constant(value) => {
            // Method lookup, unlike a coercion of `&#value`, takes `[T; N]`, `&[T; N]` and `&[T]` alike.
            let at = generated_at(value.span());
            let message = format!("`{}` needs at least one value: without any there is no case", axis.name());
            quote::quote_spanned! {at=>
                const #constant: &[#ty] = (#value).split_at(0).1;
                const _: () = ::core::assert!(!#constant.is_empty(), #message);
            }
        }
    }
}

/// The axis of a value argument whose values are in `constant`.
pub(crate) fn of_values(krate: &Path, axis: &ValueAxis, constant: &Ident) -> TokenStream {
    let name = axis.name();
    // The text in the case id if the type implements neither `Display` nor `Debug`.
    let last_resort = match &axis.values {
        Values::List(values) => {
            let texts = values.iter().map(|value| written(value.to_token_stream()));
            quote!([#(#texts),*][__bench_index])
        }
        Values::Constant(_) => quote!(&::std::string::ToString::to_string(&__bench_index)),
    };
    quote! {
        #krate::Axis {
            name: #name,
            len: #constant.len(),
            label: |__bench_index: usize| -> ::std::string::String {
                use #krate::__private::{ByDebug as _, ByDisplay as _, ByTokens as _};
                (&&&#krate::__private::Label(&#constant[__bench_index])).label(#last_resort)
            },
        }
    }
}

/// The axis of a type parameter.
pub(crate) fn of_types(krate: &Path, axis: &TypeAxis) -> TokenStream {
    let name = axis.name();
    let len = Literal::usize_unsuffixed(axis.types.len());
    let texts = axis.types.iter().map(|ty| written(ty.to_token_stream()));
    quote! {
        #krate::Axis {
            name: #name,
            len: #len,
            label: |__bench_index: usize| -> ::std::string::String {
                ::std::string::String::from([#(#texts),*][__bench_index])
            },
        }
    }
}

/// Writes `type ALIAS = f32;` for each of the types. The alias is resolved where the attribute is, so that `types(T =
/// [T])` means the user's `T` and not itself.
pub(crate) fn aliases(axis: &TypeAxis, alias: impl Fn(usize) -> Ident) -> TokenStream {
    let aliases = axis.types.iter().enumerate().map(|(at, ty)| {
        let (alias, ty) = (alias(at), with_static_lifetimes(ty.clone()));
        quote!(type #alias = #ty;)
    });
    quote!(#(#aliases)*)
}

/// The constant that holds the values of argument number `at`.
pub(crate) fn axis_constant(at: usize) -> Ident {
    format_ident!("__BENCH_AXIS_{at}")
}

/// The alias of type number `ty` of type parameter number `at`.
pub(crate) fn type_alias(at: usize, ty: usize) -> Ident {
    format_ident!("__BenchType{at}x{ty}")
}
