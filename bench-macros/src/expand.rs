//! Writes the code next to the function: a const descriptor, and a call of the function with the values of one case.
//!
//! All code is in a `const _`, in which the user's expressions resolve as they do next to the function. Every name in
//! it begins with `__bench`, so that it hides no name of the user's. Local variables have mixed-site hygiene for the
//! same reason. No lint is silenced: that would be an error below a `forbid`, and lints ignore the code of a macro from
//! another crate.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;

use crate::arguments::{Arguments, Ignored};
use crate::attribute::{Attribute, Category, Ignore};
use crate::diagnostics::Diagnostics;
use crate::function::Function;
use crate::{axis, call};

/// Returns the item and, below it, either the benchmark or its errors. The item itself is always there and unchanged,
/// so that a mistake in the attribute does not make every use of the function another error.
pub(crate) fn benchmark(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let written = descriptor(attribute, item.clone()).unwrap_or_else(|error| error.into_compile_error());
    quote!(#item #written)
}

fn descriptor(attribute: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let mut diagnostics = Diagnostics::default();
    let attribute = Attribute::parse(attribute, &mut diagnostics);
    let function = diagnostics.keep(Function::parse(item));
    // The attribute and the function are matched only if both are free of errors.
    diagnostics.finish(())?;
    match function {
        Some(function) => {
            let arguments = Arguments::matched(&attribute, &function)?;
            Ok(expand(&attribute, &function, &arguments))
        }
        None => Ok(TokenStream::new()),
    }
}

fn expand(attribute: &Attribute, function: &Function, arguments: &Arguments) -> TokenStream {
    let krate = &attribute.krate;
    let name =
        attribute.name.as_ref().map_or_else(|| function.ident.unraw().to_string(), |name| name.value());
    let category = category(attribute);
    let model = match &attribute.model {
        Some(model) => quote!(::core::option::Option::Some(#model)),
        None => quote!(#krate::__private::model_of(::core::module_path!())),
    };
    let tags = &attribute.tags;
    let targets = &attribute.targets;
    let names_of_targets = (!targets.is_empty()).then(|| quote!(use #krate::objective as __bench_objective;));
    let (definitions, axes) = axes(attribute, arguments);
    let (ignored_definitions, ignore) = ignore(attribute, arguments);
    let settings = settings(attribute);
    let call = call::function(attribute, function, arguments);
    // The span is that of the function's name, so that `Source` points there, and not at the attribute.
    let source = quote_spanned! {function.ident.span()=>
        module: ::core::module_path!(), file: ::core::file!(), line: ::core::line!()
    };
    // What is allowed in the function is allowed in the expressions of its attribute. `#[cfg(…)]` need not
    // be passed on: the compiler decides it before it calls the macro, wherever it stands.
    let attributes = function.attributes.iter().filter(|attribute| attribute.path().is_ident("allow"));
    quote! {
        #(#attributes)*
        const _: () = {
            #names_of_targets
            #definitions
            #ignored_definitions
            #call
            #[#krate::__private::linkme::distributed_slice(#krate::__private::BENCHMARKS)]
            #[linkme(crate = #krate::__private::linkme)]
            static __BENCHMARK: #krate::Benchmark = #krate::Benchmark {
                name: #name,
                model: #model,
                category: #category,
                tags: &[#(#tags),*],
                targets: &[#(#targets),*],
                axes: &[#(#axes),*],
                settings: #settings,
                ignore: #ignore,
                source: #krate::Source { #source },
                call: __bench_call,
            };
        };
    }
}

fn category(attribute: &Attribute) -> TokenStream {
    let krate = &attribute.krate;
    match attribute.category {
        Some(Category::Unit) => quote!(#krate::Category::Unit),
        Some(Category::Integration) => quote!(#krate::Category::Integration),
        Some(Category::Performance) => quote!(#krate::Category::Performance),
        // The attribute cannot know the module that contains it; the constant can.
        None => quote! {
            match #krate::__private::category_of(::core::module_path!()) {
                ::core::option::Option::Some(__bench_category) => __bench_category,
                ::core::option::Option::None => ::core::panic!(
                    "no category: the module path does not follow `…::<model>::benchmarks::<category>`, \
                     so write #[benchmark(category = \"unit\")] (or \"integration\", \"performance\")"
                ),
            }
        },
    }
}

/// Returns the constants of the axes, and the axes: types first.
fn axes(attribute: &Attribute, arguments: &Arguments) -> (TokenStream, Vec<TokenStream>) {
    let krate = &attribute.krate;
    let mut definitions = TokenStream::new();
    let mut axes = Vec::new();
    for (at, types) in arguments.types.iter().enumerate() {
        definitions.extend(axis::aliases(types, |ty| axis::type_alias(at, ty)));
        axes.push(axis::of_types(krate, types));
    }
    for (at, values) in arguments.values.iter().enumerate() {
        let constant = axis::axis_constant(at);
        definitions.extend(axis::constant(values, &constant));
        axes.push(axis::of_values(krate, values, &constant));
    }
    (definitions, axes)
}

/// Returns the constants of the ignored values, and the `Ignore` that uses them.
fn ignore(attribute: &Attribute, arguments: &Arguments) -> (TokenStream, TokenStream) {
    let krate = &attribute.krate;
    let mut definitions = TokenStream::new();
    let ignore = match &attribute.ignore {
        Ignore::No => quote!(#krate::Ignore::No),
        Ignore::Always(reason) => {
            let reason = option(reason.as_ref());
            quote!(#krate::Ignore::Always(#reason))
        }
        Ignore::When(_) => {
            let axes: Vec<TokenStream> = arguments
                .ignored
                .iter()
                .enumerate()
                .map(|(at, ignored)| match ignored {
                    Ignored::Types(types) => axis::of_types(krate, types),
                    Ignored::Values(values) => {
                        let constant = format_ident!("__BENCH_IGNORED_{at}");
                        definitions.extend(axis::constant(values, &constant));
                        axis::of_values(krate, values, &constant)
                    }
                })
                .collect();
            quote!(#krate::Ignore::When(&[#(#axes),*]))
        }
    };
    (definitions, ignore)
}

fn settings(attribute: &Attribute) -> TokenStream {
    let krate = &attribute.krate;
    let Attribute { warmup, samples, rounds, max_time, timeout, .. } = attribute;
    let (warmup, samples, rounds) = (option(*warmup), option(*samples), option(*rounds));
    let (max_time, timeout) = (option(max_time.map(duration)), option(timeout.map(duration)));
    quote! {
        #krate::Overrides {
            warmup: #warmup,
            repeats: #samples,
            rounds: #rounds,
            max_time: #max_time,
            timeout: #timeout,
            ..#krate::Overrides::NONE
        }
    }
}

fn duration(duration: Duration) -> TokenStream {
    let (seconds, nanoseconds) = (duration.as_secs(), duration.subsec_nanos());
    quote!(::core::time::Duration::new(#seconds, #nanoseconds))
}

fn option(value: Option<impl ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}
