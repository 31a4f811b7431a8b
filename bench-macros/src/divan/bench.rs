//! `#[divan::bench]`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::parse::Parser;
use syn::{Error, Expr, FnArg, Result, Signature, Type};

use super::instances::{Instance, Instances};
use super::options::Options;
use super::{below, collected, is_ignored, meta};
use crate::function::declaration;

/// Returns the function and, below it, the constant that the linker collects or an error.
pub(crate) fn bench(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let expanded = expand(attribute, item.clone());
    below(item, expanded)
}

fn expand(attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let options = Options::parse(attribute, "bench", false)?;
    let (attributes, signature) = declaration.parse2(item).map_err(|error| {
        Error::new(
            error.span(),
            "`#[divan::bench]` goes on a free function: `#[divan::bench] fn sort() { … }`",
        )
    })?;
    let ignore = is_ignored(&attributes, "bench")?;
    let arguments = Arguments::of(&signature, &options)?;
    let instances = Instances::of(&signature, &options)?;
    if instances.list.is_empty() {
        return Ok(TokenStream::new());
    }
    let private = options.private();
    let cases = Ident::new("cases", Span::mixed_site());
    let definitions = &instances.definitions;
    let (before, offers) = arguments.offers(&instances.list, &private, &cases);
    let meta = meta(&signature.ident, &options, ignore);
    let entry = quote!(#private::Entry { meta: #meta, register: __divan_register });
    let item = collected(&options, &quote!(ENTRIES), &quote!(Entry), &entry);
    // What is allowed in the function is allowed in the expressions of its attribute.
    let allowed = attributes.iter().filter(|attribute| attribute.path().is_ident("allow"));
    Ok(quote! {
        #(#allowed)*
        const _: () = {
            #definitions
            fn __divan_register(#cases: &mut #private::Cases<'_>) {
                #before
                #(#offers)*
            }
            #item
        };
    })
}

/// The parameters of the function.
struct Arguments<'a> {
    takes_bencher: bool,
    /// The list of values and the type of the parameter that takes them.
    args: Option<(&'a Expr, Type)>,
}

impl<'a> Arguments<'a> {
    fn of(signature: &Signature, options: &'a Options) -> Result<Self> {
        let inputs = &signature.inputs;
        let last = match inputs.last() {
            Some(FnArg::Receiver(receiver)) => {
                return Err(Error::new_spanned(
                    receiver,
                    "a benchmark is a free function and takes no `self`",
                ));
            }
            Some(FnArg::Typed(typed)) => Some((*typed.ty).clone()),
            None => None,
        };
        match (inputs.len(), &options.args, last) {
            (0, None, _) => Ok(Arguments { takes_bencher: false, args: None }),
            (1, None, _) => Ok(Arguments { takes_bencher: true, args: None }),
            (count @ (1 | 2), Some(args), Some(ty)) => {
                Ok(Arguments { takes_bencher: count == 2, args: Some((args, without_lifetime(ty))) })
            }
            (_, None, Some(ty)) => Err(Error::new_spanned(
                ty,
                "no value is known for this parameter: list some, `#[divan::bench(args = [1, 2])]`",
            )),
            (_, args, _) => {
                let message = "`args` needs a function with one parameter for its values, after the bencher if \
                               there is one: `fn sort(bencher: Bencher, len: usize)`";
                match args {
                    Some(args) => Err(Error::new_spanned(args, message)),
                    None => Err(Error::new_spanned(inputs, message)),
                }
            }
        }
    }

    /// Returns the statement that computes the arguments, and for each instance one that offers its cases.
    fn offers(
        &self,
        instances: &[Instance],
        private: &TokenStream,
        cases: &Ident,
    ) -> (TokenStream, Vec<TokenStream>) {
        let local = |name: &str| Ident::new(name, Span::mixed_site());
        let (bencher, argument, args) = (local("bencher"), local("argument"), local("args"));
        let before = self.args.as_ref().map(|(list, ty)| {
            // The compiler cannot infer the type of an empty list.
            let is_empty = matches!(list, Expr::Array(array) if array.elems.is_empty());
            let returned = is_empty.then(|| quote!(-> [#ty; 0]));
            quote!(let #args = #private::Args::new(|| #returned { #list });)
        });
        let offers = instances.iter().map(|Instance { path, generic, condition }| {
            let offer = match &self.args {
                None if self.takes_bencher => quote! {
                    #cases.offer(#generic, |#bencher| #path(#bencher));
                },
                None => quote! {
                    #cases.offer(#generic, |#bencher| #bencher.bench(|| #path()));
                },
                Some((_, ty)) => {
                    let value = quote!(#private::Arg::<#ty>::get(#argument));
                    let call = if self.takes_bencher {
                        quote!(#path(#bencher, #value))
                    } else {
                        quote!(#bencher.bench(|| #path(#value)))
                    };
                    quote! {
                        #cases.offer_each(
                            #generic,
                            &#args,
                            |#argument| #private::Label(#argument).to_string(),
                            |#bencher, #argument| #call,
                        );
                    }
                }
            };
            match condition {
                Some(condition) => quote!(if #condition { #offer }),
                None => offer,
            }
        });
        (before.unwrap_or_default(), offers.collect())
    }
}

/// Returns the type without the name of a lifetime, which is not known outside of the function.
fn without_lifetime(ty: Type) -> Type {
    match ty {
        Type::Reference(mut reference) => {
            reference.lifetime = None;
            Type::Reference(reference)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(attribute: &str, item: &str) -> Vec<String> {
        let parse = |text: &str| text.parse().expect("tokens");
        let expanded = expand(parse(attribute), parse(item));
        expanded.err().into_iter().flatten().map(|error| error.to_string()).collect()
    }

    #[test]
    fn each_misuse_is_named() {
        for (attribute, item, message) in [
            ("", "struct S;", "goes on a free function"),
            ("", "fn f(b: Bencher, n: usize) {}", "no value is known for this parameter"),
            ("args = [1]", "fn f() {}", "`args` needs a function with one parameter"),
            (
                "args = [1]",
                "fn f(b: Bencher, n: usize, m: usize) {}",
                "`args` needs a function with one parameter",
            ),
            ("types = [u8]", "fn f<const N: usize>() {}", "`types` needs a function with a type parameter"),
            ("consts = [1]", "fn f<T>() {}", "`consts` needs a function with a constant parameter"),
            ("", "#[divan::bench] fn f() {}", "`#[divan::bench]` is given twice"),
        ] {
            let errors = errors(attribute, item);
            assert_eq!(errors.len(), 1, "{attribute} {item}: {errors:?}");
            assert!(errors[0].contains(message), "{attribute} {item}: {errors:?}");
        }
    }

    #[test]
    fn what_has_no_instance_is_left_alone() {
        for (attribute, item) in
            [("types = []", "fn f<T>() {}"), ("consts = [], args = []", "fn f<const N: usize>(_: usize) {}")]
        {
            let expanded = expand(attribute.parse().expect("tokens"), item.parse().expect("tokens"));
            assert!(expanded.expect("fine").is_empty(), "{attribute}");
        }
    }
}
