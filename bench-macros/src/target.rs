//! A target, read at compile time and written as a constant.

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use syn::{Error, LitStr, Result};

use crate::diagnostics::Diagnostics;
use bench_syntax::objective::grammar::{self, Parsed, What};
use bench_syntax::objective::{Relation, Unit};

/// Returns the constants of `targets`, which refer to `bench_core::objective` as `__bench_objective`.
///
/// # Errors
/// At each text that is not a target, or that means the same as an earlier one.
pub(crate) fn constants(texts: &[LitStr]) -> Result<Vec<TokenStream>> {
    let values: Vec<String> = texts.iter().map(LitStr::value).collect();
    let mut diagnostics = Diagnostics::default();
    let mut known: Vec<Parsed<'_>> = Vec::new();
    let mut constants = Vec::new();
    for (literal, text) in texts.iter().zip(&values) {
        match grammar::parse(text) {
            Err(fault) => diagnostics.push(Error::new(literal.span(), fault.message(text))),
            Ok(target) if known.contains(&target) => diagnostics.push(Error::new(
                literal.span(),
                format!("the target \"{text}\" is given twice: keep one of them"),
            )),
            Ok(target) => {
                constants.push(constant(text, &target));
                known.push(target);
            }
        }
    }
    diagnostics.finish(constants)
}

fn constant(text: &str, target: &Parsed<'_>) -> TokenStream {
    let text = borrowed(text.trim());
    let what = match target.what {
        What::Metric(name) => {
            let name = borrowed(name);
            quote!(Metric(#name))
        }
        What::SpeedupOverCase(id) => {
            let id = borrowed(id);
            quote!(SpeedupOverCase(#id))
        }
        What::SpeedupOverRun(run) => {
            let run = borrowed(run);
            quote!(SpeedupOverRun(#run))
        }
    };
    let relation = match target.relation {
        Relation::AtMost => quote!(AtMost),
        Relation::Below => quote!(Below),
        Relation::AtLeast => quote!(AtLeast),
        Relation::Above => quote!(Above),
    };
    let unit = match target.unit {
        Unit::Own => quote!(Own),
        Unit::Seconds => quote!(Seconds),
        Unit::Bytes => quote!(Bytes),
        Unit::Ratio => quote!(Ratio),
    };
    let value = Literal::f64_suffixed(target.value);
    let at = target.at.iter().map(|(name, value)| {
        let (name, value) = (borrowed(name), borrowed(value));
        quote!(__bench_objective::Setting { name: #name, value: #value })
    });
    quote! {
        __bench_objective::Objective {
            text: #text,
            what: __bench_objective::Quantity::#what,
            relation: __bench_objective::Relation::#relation,
            value: #value,
            unit: __bench_objective::Unit::#unit,
            at: ::std::borrow::Cow::Borrowed(&[#(#at),*]),
        }
    }
}

fn borrowed(text: &str) -> TokenStream {
    quote!(::std::borrow::Cow::Borrowed(#text))
}
