//! The function that calls the benchmark with the values of one case.

use proc_macro2::{Ident, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Path, Type};

use crate::arguments::Arguments;
use crate::attribute::Attribute;
use crate::axis::{axis_constant, type_alias};
use crate::function::{Form, Function};
use crate::ty::generated_at;

/// Writes `fn __bench_call(bencher: &mut Bencher, choice: &[usize]) -> Result<(), Error> { … }`.
pub(crate) fn function(attribute: &Attribute, function: &Function, arguments: &Arguments) -> TokenStream {
    let call = Call { krate: &attribute.krate, attribute, function, arguments };
    let krate = &attribute.krate;
    let (bencher, choice) = (local("bencher"), local("choice"));
    let chosen = (0..arguments.types.len() + arguments.values.len()).map(chosen);
    let values = call.values();
    let measured = call.for_each_choice_of_types(&bencher);
    let body = match function.asyncness {
        None => measured,
        Some(token) => call.block_on(token.span, &bencher, &measured),
    };
    quote! {
        fn __bench_call(
            #bencher: &mut #krate::Bencher,
            #choice: &[usize],
        ) -> ::core::result::Result<(), #krate::Error> {
            use #krate::__private::{SettleDisplay as _, SettleError as _, SettleOpaque as _, SettleValue as _};
            let [#(#chosen),*] = *#choice else {
                return ::core::result::Result::Err(#krate::Error::failure(
                    "the number of arguments of the case differs from that of the benchmark",
                ));
            };
            #values
            #body
        }
    }
}

struct Call<'a> {
    krate: &'a Path,
    attribute: &'a Attribute,
    function: &'a Function,
    arguments: &'a Arguments,
}

impl Call<'_> {
    /// Writes one local variable for each value argument.
    fn values(&self) -> TokenStream {
        let before = self.arguments.types.len();
        let values = self.arguments.values.iter().enumerate().map(|(at, axis)| {
            let (variable, constant, ty) = (argument(at), axis_constant(at), &axis.ty);
            let index = chosen(before + at);
            let value = clone(ty, &quote!(#constant[#index]));
            quote!(let #variable: #ty = #value;)
        });
        quote!(#(#values)*)
    }

    /// Writes nested `match`es, one on the choice of each type parameter, with the call innermost.
    fn for_each_choice_of_types(&self, bencher: &Ident) -> TokenStream {
        let (counts, call) = (self.counts(bencher), self.measured(bencher));
        let krate = self.krate;
        self.arguments.types.iter().enumerate().rev().fold(quote!(#counts #call), |inner, (at, axis)| {
            let name =
                self.function.generics.iter().find(|generic| **generic == axis.ident).unwrap_or(&axis.ident);
            let index = chosen(at);
            let arms = (0..axis.types.len()).map(|ty| {
                let (number, alias) = (Literal::usize_unsuffixed(ty), type_alias(at, ty));
                // Named like the parameter, so that `items` and `bytes` can mention it, too.
                quote!(#number => { type #name = #alias; #inner })
            });
            let message = format!("the case selects a type that the type parameter `{name}` does not have");
            quote! {
                match #index {
                    #(#arms)*
                    _ => ::core::result::Result::Err(#krate::Error::failure(#message)),
                }
            }
        })
    }

    /// Writes the calls that set the counts of one iteration. The arguments have their own names only here, because an
    /// argument with the name of the function would shadow it in the call.
    fn counts(&self, bencher: &Ident) -> TokenStream {
        if self.attribute.counts.is_empty() {
            return TokenStream::new();
        }
        let named = self.arguments.values.iter().enumerate().map(|(at, axis)| {
            let (name, ty, variable) = (&axis.ident, &axis.ty, argument(at));
            // The second statement uses the variable, in case no expression does.
            let value = clone(ty, &variable);
            quote!(let #name: #ty = #value; let _ = &#name;)
        });
        let counts = self.attribute.counts.iter().map(|count| {
            let (unit, value) = (count.name.to_string(), &count.value);
            quote!(#bencher.count(#unit, (#value) as usize);)
        });
        quote!({ #(#named)* #(#counts)* })
    }

    /// Writes the call, measured by the function itself or by the harness, and converts the returned value to a
    /// `Result`.
    fn measured(&self, bencher: &Ident) -> TokenStream {
        let krate = self.krate;
        let (name, arguments) = (self.path(), self.call_arguments());
        let values: Vec<&Ident> = arguments.iter().map(|(variable, _)| variable).collect();
        let asynchronous = self.function.asyncness.is_some();
        let wait = asynchronous.then(|| quote!(.await));
        let settle = |returned| quote!((&&&&#krate::__private::Returned::new(#returned)).settle());
        match self.function.form {
            Form::Driven => settle(quote!(#name(#bencher #(, #values)*) #wait)),
            Form::Plain => {
                // A constant argument could otherwise be folded into the body.
                let hidden: Vec<TokenStream> = arguments
                    .iter()
                    .map(|(variable, ty)| {
                        let value = clone(ty, variable);
                        quote!(::core::hint::black_box(#value))
                    })
                    .collect();
                if asynchronous {
                    // The future owns its arguments: it outlives the closure's call that makes it.
                    let settled = settle(quote!(#name(#(#values),*).await));
                    quote!(#bencher.try_iter_async(|| { #(let #values = #hidden;)* async move { #settled } }).await)
                } else {
                    let settled = settle(quote!(#name(#(#hidden),*)));
                    quote!(#bencher.try_iter(|| #settled))
                }
            }
        }
    }

    /// Writes `name::<T, U>`; `T` and `U` are the aliases of the innermost arm.
    fn path(&self) -> TokenStream {
        let (name, generics) = (&self.function.ident, &self.function.generics);
        if generics.is_empty() { quote!(#name) } else { quote!(#name::<#(#generics),*>) }
    }

    /// The variables that hold the arguments, and their types, in the order of the function's parameters.
    fn call_arguments(&self) -> Vec<(Ident, &Type)> {
        let values = || self.arguments.values.iter().enumerate();
        self.function
            .parameters
            .iter()
            .filter_map(|parameter| values().find(|(_, axis)| axis.ident == parameter.ident))
            .map(|(at, axis)| (argument(at), &axis.ty))
            .collect()
    }

    /// Writes the call of `block_on!`. Without the feature `tokio`, this macro is an error, which has to point at
    /// `async`.
    fn block_on(&self, at: Span, bencher: &Ident, measured: &TokenStream) -> TokenStream {
        let at = generated_at(at);
        let krate = self.krate.to_token_stream().into_iter().map(|mut token: TokenTree| {
            token.set_span(at.resolved_at(token.span()));
            token
        });
        quote_spanned!(at=> #(#krate)* ::__private::block_on!(#bencher, async { #measured }))
    }
}

/// Writes the clone of a value. The type comes first so that an error that it is not `Clone` points there.
fn clone(ty: &Type, value: &impl ToTokens) -> TokenStream {
    quote!(<#ty as ::core::clone::Clone>::clone(&#value))
}

/// A local variable that the user's expressions cannot see.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// The variable with the index of the chosen value of axis number `at`.
fn chosen(at: usize) -> Ident {
    format_ident!("chosen_{}", at, span = Span::mixed_site())
}

/// The variable with the value of value argument number `at`.
fn argument(at: usize) -> Ident {
    format_ident!("argument_{}", at, span = Span::mixed_site())
}
